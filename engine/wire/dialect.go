package wire

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/sihai-network/sihai/engine"
)

// delimiters are those that are looked for, the likeliest first.
const delimiters = ",\t;|"

// Table is a CSV file that was opened: its text as UTF-8, and how its records are written.
type Table struct {
	Text      io.Reader // from the header on
	Encoding  string    // one of Encodings
	Delimiter rune
	Decimal   byte // '.' or ','; 0: the file does not show which
}

// OpenTable finds how a CSV file is written, where f does not say: its encoding, the delimiter (comma, tab, semicolon or pipe: that which its header
// has most of, or the one that a first line "sep=;" names) and the decimal mark, from its first 64 KiB. The error is engine.Faults for options that do not exist.
func OpenTable(src io.Reader, f engine.FeedOptions) (Table, error) {
	var faults engine.Faults
	t := Table{}
	switch f.Decimal {
	case "":
	case "point":
		t.Decimal = '.'
	case "comma":
		t.Decimal = ','
	default:
		faults.Add("decimal", "invalid", "%q is neither point nor comma", clip(f.Decimal))
	}
	if f.Delimiter != "" {
		t.Delimiter = delimiterOf(f.Delimiter, &faults)
	}
	text, name, err := utf8Reader(src, f.Encoding, true)
	var more engine.Faults
	if errors.As(err, &more) {
		faults = append(faults, more...)
		err = nil
	}
	if err == nil {
		err = faults.Err()
	}
	if err != nil {
		return Table{}, err
	}
	t.Text, t.Encoding = text, name
	return t, t.sniff(text)
}

// delimiterOf reads a delimiter: a character, or tab, comma, semicolon or pipe in words.
func delimiterOf(text string, faults *engine.Faults) rune {
	switch text {
	case "tab", `\t`:
		return '\t'
	case "comma":
		return ','
	case "semicolon":
		return ';'
	case "pipe":
		return '|'
	}
	r, n := utf8.DecodeRuneInString(text)
	if n != len(text) || r == utf8.RuneError || strings.ContainsRune("\"\r\n.", r) {
		faults.Add("delimiter", "invalid", "%q is not one character, nor tab, comma, semicolon or pipe", clip(text))
	}
	return r
}

// sniff finds what is not said.
func (t *Table) sniff(text *bufio.Reader) error {
	sample, err := text.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if hint, rest, found := bytes.Cut(sample, []byte("\n")); found && bytes.HasPrefix(hint, []byte("sep=")) {
		var faults engine.Faults
		named := delimiterOf(strings.TrimSuffix(string(hint[4:]), "\r"), &faults)
		if len(faults) == 0 {
			sample = rest
			if _, err := text.Discard(len(hint) + 1); err != nil {
				return err
			}
			if t.Delimiter == 0 {
				t.Delimiter = named
			}
		}
	}
	if t.Delimiter == 0 {
		t.Delimiter = mostOf(header(sample))
	}
	if t.Decimal == 0 {
		t.Decimal = decimalMark(sample, t.Delimiter)
	}
	return nil
}

// header returns the first record of a sample without what stands in quotes.
func header(sample []byte) string {
	var out []byte
	quoted := false
	for _, b := range sample {
		switch {
		case b == '"':
			quoted = !quoted
		case b == '\n' && !quoted:
			return string(out)
		case !quoted:
			out = append(out, b)
		}
	}
	return string(out)
}

func mostOf(header string) rune {
	best, most := ',', 0
	for _, r := range delimiters {
		if n := strings.Count(header, string(r)); n > most {
			best, most = r, n
		}
	}
	return best
}

// decimalMark finds which mark the numbers of a sample have, where some can only be read one way and none the other; 0 otherwise.
func decimalMark(sample []byte, delimiter rune) byte {
	r := csv.NewReader(bytes.NewReader(sample))
	r.Comma, r.FieldsPerRecord, r.ReuseRecord, r.LazyQuotes = delimiter, -1, true, true
	point, comma := false, false
	for {
		record, err := r.Read()
		if err != nil {
			break
		}
		for _, cell := range record {
			switch surelyDecimal(strings.TrimSpace(cell)) {
			case '.':
				point = true
			case ',':
				comma = true
			}
		}
	}
	switch {
	case comma && !point:
		return ','
	case point && !comma:
		return '.'
	}
	return 0
}

// surelyDecimal returns the decimal mark of a number in which it can be nothing else: digits with one mark that is not followed by exactly three.
func surelyDecimal(cell string) byte {
	cell = strings.TrimPrefix(cell, "-")
	at := strings.IndexAny(cell, ".,")
	if at < 1 || !allDigits(cell[:at]) || !allDigits(cell[at+1:]) {
		return 0
	}
	if after := len(cell) - at - 1; after == 3 && at <= 3 && cell[0] != '0' {
		return 0
	}
	return cell[at]
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
