package wire

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/sihai-network/sihai/engine"
)

// RatesStatus says what the rate book holds.
type RatesStatus struct {
	Days    int    `json:"days"`
	Changed int    `json:"changed" doc:"days that were added or replaced by this call"`
	First   string `json:"first,omitempty" format:"date"`
	Last    string `json:"last,omitempty" format:"date"`
}

// RatesStatusOf describes a rate book.
func RatesStatusOf(book engine.Rates, changed int) RatesStatus {
	out := RatesStatus{Days: len(book), Changed: changed}
	if len(book) > 0 {
		out.First, out.Last = book[0].Date.String(), book[len(book)-1].Date.String()
	}
	return out
}

// maxRateFaults bounds the faults of one file.
const maxRateFaults = 1000

// ReadRates reads reference rates in the format of the European Central Bank's file (eurofxref-hist.csv): a header Date,USD,JPY,… and a row a day with units of
// each currency for one euro, N/A or nothing where there is none. Days come out ascending. Its error is engine.Faults with paths such as rows[3].USD, the
// header being row 1, or that of src.
func ReadRates(src io.Reader) (engine.Rates, error) {
	r := csv.NewReader(src)
	r.ReuseRecord = true
	r.FieldsPerRecord = -1
	r.TrimLeadingSpace = true
	var faults engine.Faults
	header, err := r.Read()
	if err != nil {
		return nil, rateError(err, faults, 1)
	}
	header = rateHeader(slices.Clone(header), &faults)
	var days engine.Rates
	seen := map[engine.Date]int{}
	for row := 2; len(faults) < maxRateFaults; row++ {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, rateError(err, faults, row)
		}
		day := rateDay(header, record, row, &faults)
		if day.Date.IsZero() {
			continue
		}
		if first, twice := seen[day.Date]; twice {
			faults.Add(fmt.Sprintf("rows[%d].Date", row), "duplicate", "%v is the date of row %d too", day.Date, first)
		}
		seen[day.Date] = row
		days = append(days, day)
	}
	if len(faults) > 0 {
		return nil, faults
	}
	slices.SortFunc(days, func(a, b engine.RateDay) int {
		switch {
		case a.Date.Before(b.Date):
			return -1
		case b.Date.Before(a.Date):
			return 1
		}
		return 0
	})
	return days, nil
}

func rateError(err error, faults engine.Faults, row int) error {
	var syntax *csv.ParseError
	switch {
	case errors.As(err, &syntax):
		faults.Add(fmt.Sprintf("rows[%d]", row), "syntax", "not valid CSV: %v", syntax.Err)
	case errors.Is(err, io.EOF):
		faults.Add("", "required", "the file is empty")
	default:
		return fmt.Errorf("read rates: %w", err)
	}
	return faults
}

// rateHeader checks the names of the columns. An empty one, which the bank's file ends with, is not read.
func rateHeader(header []string, faults *engine.Faults) []string {
	header[0] = strings.TrimPrefix(header[0], "\ufeff")
	for i, name := range header {
		name = strings.TrimSpace(name)
		header[i] = name
		switch {
		case i == 0 && name != "Date":
			faults.Add("rows[1]", "invalid", "the first column is %q, not Date", clip(name))
		case i > 0 && name != "" && !isCode(name):
			faults.Add("rows[1]", "invalid", "%q is not a currency code", clip(name))
		case i > 0 && name != "" && slices.Contains(header[:i], name):
			faults.Add("rows[1]", "duplicate", "column %s is there twice", name)
		}
	}
	return header
}

// isCode reports whether a name is three capital letters: the bank's history holds currencies that are no more.
func isCode(name string) bool {
	return len(name) == 3 && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

func rateDay(header, record []string, row int, faults *engine.Faults) engine.RateDay {
	day := engine.RateDay{Rates: make(map[string]engine.Rate, len(record))}
	date, ok := parseDate(strings.TrimSpace(record[0]))
	if !ok {
		faults.Add(fmt.Sprintf("rows[%d].Date", row), "invalid", "%q is not a date such as 2026-04-13", clip(record[0]))
	}
	day.Date = date
	if len(record) > len(header) {
		faults.Add(fmt.Sprintf("rows[%d]", row), "invalid", "has %d columns, the header %d", len(record), len(header))
		record = record[:len(header)]
	}
	for i, cell := range record {
		cell = strings.TrimSpace(cell)
		if i == 0 || header[i] == "" || cell == "" || cell == "N/A" {
			continue
		}
		rate, ok := parseRate(cell)
		if !ok {
			faults.Add(fmt.Sprintf("rows[%d].%s", row, header[i]), "invalid", "%q is not a rate above 0", clip(cell))
			continue
		}
		day.Rates[header[i]] = rate
	}
	return day
}

// parseRate reads a plain decimal above 0, without losing a digit.
func parseRate(text string) (engine.Rate, bool) {
	whole, fraction, _ := strings.Cut(text, ".")
	digits := whole + fraction
	if digits == "" || len(fraction) > 18 || strings.Trim(digits, "0123456789") != "" {
		return engine.Rate{}, false
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n <= 0 {
		return engine.Rate{}, false
	}
	return engine.Rate{Mantissa: n, Scale: uint8(len(fraction))}, true
}
