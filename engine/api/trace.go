package api

import (
	"encoding/hex"
	"io"
	"strings"
)

// traceOf returns the trace ID of a traceparent header (W3C Trace Context, section 3.2), or a new one where there is none that is valid.
func traceOf(header string, random io.Reader) string {
	parts := strings.Split(header, "-")
	if len(parts) >= 4 && len(parts[0]) == 2 && parts[0] != "ff" && len(parts[1]) == 32 && isLowerHex(parts[1]) && strings.Trim(parts[1], "0") != "" {
		return parts[1]
	}
	var id [16]byte
	if _, err := io.ReadFull(random, id[:]); err != nil {
		return ""
	}
	return hex.EncodeToString(id[:])
}

func isLowerHex(s string) bool { return strings.Trim(s, "0123456789abcdef") == "" }
