package geo_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"testing"

	"github.com/sihai-network/sihai/geo"
)

// This file speaks as much of RESP, the protocol of Redis, as the benchmark over a socket needs.

// respClient asks one command again and again, with the place's coordinates for the words lng and lat.
type respClient struct {
	conn  net.Conn
	in    *bufio.Reader
	out   []byte
	words []string
}

func dialRESP(port int, words ...string) (*respClient, error) {
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return nil, err
	}
	return &respClient{conn: conn, in: bufio.NewReaderSize(conn, 1<<16), words: words}, nil
}

// respDialler connects clients to a server at a port.
func respDialler(server *process, port int, words ...string) dialler {
	return dialler{server, func(b *testing.B) asker {
		b.Helper()
		c, err := dialRESP(port, words...)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = c.conn.Close() })
		return c
	}}
}

func (c *respClient) ask(dst []uint32, p geo.LatLng) ([]uint32, error) {
	c.out = appendCommand(c.out[:0], c.words, p)
	if _, err := c.conn.Write(c.out); err != nil {
		return dst, err
	}
	n, err := readCount(c.in, '*')
	if err != nil {
		return dst, err
	}
	for range n {
		handle, err := readNumber(c.in)
		if err != nil {
			return dst, err
		}
		dst = append(dst, handle)
	}
	return dst, nil
}

// ping fails while the server does not answer.
func ping(port int) error {
	c, err := dialRESP(port)
	if err != nil {
		return err
	}
	defer func() { _ = c.conn.Close() }()
	if _, err := io.WriteString(c.conn, "*1\r\n$4\r\nPING\r\n"); err != nil {
		return err
	}
	line, err := c.in.ReadString('\n')
	if err == nil && line != "+PONG\r\n" {
		err = fmt.Errorf("ping: %q", line)
	}
	return err
}

func appendCommand(dst []byte, words []string, p geo.LatLng) []byte {
	dst = append(strconv.AppendInt(append(dst, '*'), int64(len(words)), 10), "\r\n"...)
	var number [32]byte
	for _, word := range words {
		argument := []byte(word)
		switch word {
		case "lng":
			argument = strconv.AppendFloat(number[:0], p.Lng, 'f', -1, 64)
		case "lat":
			argument = strconv.AppendFloat(number[:0], p.Lat, 'f', -1, 64)
		}
		dst = append(strconv.AppendInt(append(dst, '$'), int64(len(argument)), 10), "\r\n"...)
		dst = append(append(dst, argument...), "\r\n"...)
	}
	return dst
}

// readCount reads the line that announces an array or a string.
func readCount(in *bufio.Reader, kind byte) (int, error) {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if line[0] != kind || len(line) < 4 {
		return 0, fmt.Errorf("read reply: %q", line)
	}
	return parseDigits(line[1 : len(line)-2])
}

// readNumber reads an integer, which may come as a string.
func readNumber(in *bufio.Reader) (uint32, error) {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	digits := line
	switch line[0] {
	case ':':
		digits = line[1:]
	case '$':
		if digits, err = in.ReadSlice('\n'); err != nil {
			return 0, err
		}
	}
	n, err := parseDigits(digits[:max(2, len(digits))-2])
	return uint32(n), err
}

func parseDigits(digits []byte) (n int, err error) {
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, fmt.Errorf("read number: %q", digits)
		}
		n = 10*n + int(c-'0')
	}
	return n, nil
}
