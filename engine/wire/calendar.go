package wire

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sihai-network/sihai/engine"
)

var weekdayNames = [7]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

func weekday(name string) (time.Weekday, bool) {
	i := slices.Index(weekdayNames[:], name)
	return time.Weekday(i), i >= 0
}

// parseDate reads YYYY-MM-DD.
func parseDate(text string) (engine.Date, bool) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil || len(text) != len(time.DateOnly) || t.Year() < 1 {
		return engine.Date{}, false
	}
	return engine.DateOf(t), true
}

// parseMoment reads a date or an RFC 3339 time with its offset; empty is no bound.
func parseMoment(text string) (engine.Moment, bool) {
	if text == "" {
		return engine.Moment{}, true
	}
	if date, ok := parseDate(text); ok {
		return engine.Moment{Date: date}, true
	}
	t, ok := parseTime(text)
	return engine.Moment{Instant: t}, ok
}

func momentText(m engine.Moment) string {
	if m.Date.IsZero() {
		return timeText(m.Instant)
	}
	return m.Date.String()
}

// parseTime reads an RFC 3339 time. The year is 1 to 9999, in its offset and in UTC.
func parseTime(text string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || t.UTC().Year() < 1 || t.UTC().Year() > 9999 || t.Year() < 1 || t.IsZero() {
		return time.Time{}, false
	}
	if _, offset := t.Zone(); offset%60 == 0 {
		// a zone of its own, so that no host's local zone slips in
		t = t.In(time.FixedZone("", offset))
		if offset == 0 {
			t = t.UTC()
		}
	}
	return t, true
}

// parseClock reads HH:MM, to 24:00.
func parseClock(text string) (engine.TimeOfDay, bool) {
	if len(text) != 5 || text[2] != ':' {
		return 0, false
	}
	h, err1 := strconv.ParseUint(text[:2], 10, 8)
	m, err2 := strconv.ParseUint(text[3:], 10, 8)
	if err1 != nil || err2 != nil || m > 59 || h > 24 || h == 24 && m > 0 {
		return 0, false
	}
	return engine.TimeOfDay(h*60 + m), true
}

func clockText(t engine.TimeOfDay) string {
	return string([]byte{byte('0' + t/600%10), byte('0' + t/60%10), ':', byte('0' + t%60/10), byte('0' + t%10)})
}

func parseSpan(text string) (engine.Span, bool) {
	from, to, found := strings.Cut(text, "-")
	f, ok1 := parseClock(strings.TrimSpace(from))
	t, ok2 := parseClock(strings.TrimSpace(to))
	return engine.Span{From: f, To: t}, found && ok1 && ok2
}

// parseWindow reads a duration such as 24h, 90m or 7d.
func parseWindow(text string) (time.Duration, bool) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.ParseInt(days, 10, 32)
		if err != nil || n < 0 || n > 36500 {
			return 0, false
		}
		return time.Duration(n) * 24 * time.Hour, true
	}
	d, err := time.ParseDuration(text)
	return d, err == nil
}

// windowText writes a duration in its largest whole unit up to hours.
func windowText(d time.Duration) string {
	switch {
	case d%time.Hour == 0:
		return strconv.FormatInt(int64(d/time.Hour), 10) + "h"
	case d%time.Minute == 0:
		return strconv.FormatInt(int64(d/time.Minute), 10) + "m"
	}
	return d.String()
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
