package wire

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
)

// WriteFaults writes the faults of an upload as a CSV file to hand back to whom the file is from: row, column, code, value, expected, message.
func WriteFaults(dst io.Writer, faults []RowFault) error {
	w := csv.NewWriter(dst)
	if err := w.Write([]string{"row", "column", "code", "value", "expected", "message"}); err != nil {
		return err
	}
	for _, f := range faults {
		record := []string{strconv.Itoa(f.Row), inert(f.Column), f.Code, inert(f.Value), f.Expected, inert(f.Message)}
		if err := w.Write(record); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

// inert keeps a spreadsheet from taking somebody's text for a formula.
func inert(text string) string {
	if text == "" || !strings.ContainsRune("=+-@\t\r", rune(text[0])) || isNumber(text) {
		return text
	}
	return "'" + text
}
