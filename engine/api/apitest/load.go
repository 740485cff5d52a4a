package apitest

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// Load sends n requests over connections that are kept, each of which waits for its answer before it asks again. It reads as little of HTTP as it needs, so that
// little of the time is its own.
func Load(tb testing.TB, addr string, connections, n int, requests [][]byte) {
	var next atomic.Int64
	var group sync.WaitGroup
	for range connections {
		group.Go(func() {
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				tb.Error(err)
				return
			}
			defer func() { _ = conn.Close() }()
			in := bufio.NewReaderSize(conn, 1<<16)
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				if _, err := conn.Write(requests[int(i)%len(requests)]); err != nil {
					tb.Error(err)
					return
				}
				if err := skipAnswer(in); err != nil {
					tb.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
}

// skipAnswer reads an answer of 200, of a known length or in chunks, and forgets it.
func skipAnswer(in *bufio.Reader) error {
	length := -1
	for first := true; ; first = false {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		line = bytes.TrimRight(line, "\r\n")
		switch name, value, _ := bytes.Cut(line, []byte(": ")); {
		case first:
			if !bytes.HasPrefix(line, []byte("HTTP/1.1 200")) {
				return fmt.Errorf("answered %s", line)
			}
		case len(line) == 0:
			return skipBody(in, length)
		case bytes.EqualFold(name, []byte("Content-Length")):
			length = 0
			for _, digit := range value {
				length = 10*length + int(digit-'0')
			}
		}
	}
}

func skipBody(in *bufio.Reader, length int) error {
	if length >= 0 {
		_, err := in.Discard(length)
		return err
	}
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return err
		}
		var size int
		if _, err := fmt.Sscanf(line, "%x", &size); err != nil {
			return err
		}
		if _, err := in.Discard(size + 2); err != nil || size == 0 {
			return err
		}
	}
}

// RawDecision writes a request for offers as it goes over the wire.
func RawDecision(secret, body string) []byte {
	return fmt.Appendf(nil, "POST /v1/decisions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", secret, len(body), body)
}
