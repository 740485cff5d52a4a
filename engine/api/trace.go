package api

import (
	"encoding/hex"
	"io"
	"strings"
)

// traceOf returns the trace ID of a traceparent header (W3C Trace Context, section 3.2), or a new one where there is none that is valid.
func traceOf(header string, random io.Reader) string {
	if id, ok := parentTrace(header); ok {
		return id
	}
	var id [16]byte
	if _, err := io.ReadFull(random, id[:]); err != nil {
		return ""
	}
	var text [32]byte
	hex.Encode(text[:], id[:])
	return string(text[:])
}

func parentTrace(header string) (string, bool) {
	if header == "" {
		return "", false
	}
	parts := strings.Split(header, "-")
	ok := len(parts) >= 4 && len(parts[0]) == 2 && parts[0] != "ff" && len(parts[1]) == 32 && isLowerHex(parts[1]) && strings.Trim(parts[1], "0") != ""
	if !ok {
		return "", false
	}
	return parts[1], true
}

func isLowerHex(s string) bool { return strings.Trim(s, "0123456789abcdef") == "" }
