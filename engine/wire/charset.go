package wire

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/sihai-network/sihai/engine"
)

// Encodings lists the encodings in which a file's text may be.
func Encodings() []string {
	return []string{"utf-8", "utf-16le", "utf-16be", "gb18030", "windows-1252"}
}

// sniffed is how much of a file its encoding, delimiter and decimal mark are found from, in bytes.
const sniffed = 1 << 16

// utf8Reader returns a file's text as UTF-8 without a byte order mark, and the encoding that it had. An encoding that is not named is found: by a byte
// order mark, by where zero bytes stand, and for a table, which has no encoding by its standard, by whether it is UTF-8 at all.
func utf8Reader(src io.Reader, named string, table bool) (*bufio.Reader, string, error) {
	buffered := bufio.NewReaderSize(src, sniffed)
	sample, err := buffered.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, "", err
	}
	name, mark := markOf(sample)
	if mark == 0 {
		name = encodingOf(sample, table)
	}
	if named != "" {
		if canonical := strings.ToLower(named); canonical != name {
			name, mark = canonical, 0
		}
	}
	if _, err := buffered.Discard(mark); err != nil {
		return nil, "", err
	}
	var from encoding.Encoding
	switch name {
	case "utf-8":
		return buffered, name, nil
	case "utf-16le":
		from = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case "utf-16be":
		from = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	case "gb18030":
		from = simplifiedchinese.GB18030
	case "windows-1252":
		from = charmap.Windows1252
	default:
		var faults engine.Faults
		faults.Add("encoding", "invalid", "%q is none of %s", clip(named), strings.Join(Encodings(), ", "))
		return nil, "", faults
	}
	return bufio.NewReaderSize(transform.NewReader(buffered, from.NewDecoder()), sniffed), name, nil
}

// markOf returns the encoding of a byte order mark and its length, 0 where there is none.
func markOf(sample []byte) (string, int) {
	switch {
	case bytes.HasPrefix(sample, []byte("\xef\xbb\xbf")):
		return "utf-8", 3
	case bytes.HasPrefix(sample, []byte("\xff\xfe")):
		return "utf-16le", 2
	case bytes.HasPrefix(sample, []byte("\xfe\xff")):
		return "utf-16be", 2
	}
	return "", 0
}

// encodingOf guesses the encoding of a text without a mark. Letters, digits and separators of UTF-16 have a zero byte each; in GB18030 a character
// beyond ASCII is two bytes of which mostly both are above 0x80, while in a Western text accented letters stand between plain ones.
func encodingOf(sample []byte, table bool) string {
	var zeros [2]int
	high, paired := 0, 0
	for i, b := range sample {
		if b == 0 {
			zeros[i%2]++
		}
		if b >= 0x80 {
			high++
			if i > 0 && sample[i-1] >= 0x80 || i+1 < len(sample) && sample[i+1] >= 0x80 {
				paired++
			}
		}
	}
	switch {
	case zeros[1] > len(sample)/8 && zeros[1] > 4*zeros[0]:
		return "utf-16le"
	case zeros[0] > len(sample)/8 && zeros[0] > 4*zeros[1]:
		return "utf-16be"
	case !table || isUTF8(sample):
		return "utf-8"
	case paired*10 >= high*8:
		return "gb18030"
	}
	return "windows-1252"
}

// isUTF8 reports whether a sample, which may be cut within a character, is UTF-8.
func isUTF8(sample []byte) bool {
	if utf8.Valid(sample) {
		return true
	}
	cut := len(sample)
	for cut > 0 && len(sample)-cut < utf8.UTFMax && !utf8.RuneStart(sample[cut-1]) {
		cut--
	}
	return len(sample) == sniffed && cut > 0 && utf8.Valid(sample[:cut-1])
}
