package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store/kv"
)

// Rates implements engine.RateBook. Cost: linear in the days; the 7,000 days of the ECB's history take some 100 ms.
func (db *DB) Rates(ctx context.Context) (rates engine.Rates, err error) {
	err = db.view(ctx, ratesPlace(), func(from kv.Reader) (err error) {
		rates, err = readBook(from)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read rates: %w", err)
	}
	return rates, nil
}

// readBook reads the days that are current, ascending.
func readBook(from kv.Reader) (rates engine.Rates, err error) {
	err = eachDay(from, dayKind, func(day engine.RateDay, _ []byte) error {
		rates = append(rates, day)
		return nil
	})
	return rates, err
}

// eachDay reads the days of a kind in the order of their keys. rest is what a key has after the date.
func eachDay(from kv.Reader, kind byte, fn func(day engine.RateDay, rest []byte) error) error {
	prefix := under(kind)
	var after []byte
	for {
		pairs, err := from.List(prefix, after, maxPage)
		if err != nil || len(pairs) == 0 {
			return err
		}
		for _, pair := range pairs {
			day, err := decode(pair.Value, readRates)
			if err != nil {
				return fmt.Errorf("day at %q: %w", pair.Key, err)
			}
			date, rest, err := parseDay(pair.Key[len(prefix):])
			if err != nil {
				return err
			}
			day.Date = date
			if err := fn(day, rest); err != nil {
				return err
			}
		}
		after = pairs[len(pairs)-1].Key
	}
}

// RatesVersion implements engine.History.
func (db *DB) RatesVersion(ctx context.Context, version uint64) (rates engine.Rates, err error) {
	err = db.view(ctx, ratesPlace(), func(from kv.Reader) (err error) {
		newest, err := bookVersion(from)
		if err != nil {
			return err
		}
		if version > newest {
			return engine.ErrNotFound
		}
		if rates, err = readBook(from); err != nil || version == newest {
			return err
		}
		was, err := replacedAfter(from, version)
		if err != nil {
			return err
		}
		rates = slices.DeleteFunc(rates, func(day engine.RateDay) bool {
			before, replaced := was[day.Date]
			return replaced && len(before) == 0
		})
		for i := range rates {
			if before, replaced := was[rates[i].Date]; replaced {
				rates[i].Rates = before
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read rates of version %d: %w", version, err)
	}
	if len(rates) == 0 {
		return nil, nil
	}
	return rates, nil
}

// replacedAfter returns what the days held at a version that were replaced since; nothing for those that came since.
func replacedAfter(from kv.Reader, version uint64) (map[engine.Date]map[string]engine.Rate, error) {
	was := make(map[engine.Date]map[string]engine.Rate)
	err := eachDay(from, dayPastKind, func(day engine.RateDay, rest []byte) error {
		if len(rest) != 8 {
			return corrupt("a past day of %s has no version", day.Date)
		}
		if _, known := was[day.Date]; !known && binary.BigEndian.Uint64(rest) > version {
			was[day.Date] = day.Rates
		}
		return nil
	})
	return was, err
}

// rateDays is the kind of a receipt for rates.
const rateDays = "rates"

// PutRates implements engine.RateBook. The days are one transaction: some 20,000 fit. A write's condition is not looked at, since rates have no version.
func (db *DB) PutRates(ctx context.Context, w engine.Write, days engine.Rates) (changed int, err error) {
	err = db.update(ctx, ratesPlace(), under(dayKind), func(tx kv.Tx) error {
		changed = 0
		if was, err := earlier(tx, w.Once, rateDays); err != nil {
			return err
		} else if was != nil {
			changed = int(was.version)
			return nil
		}
		before, err := bookVersion(tx)
		if err != nil {
			return err
		}
		for i := range days {
			fresh, err := putDay(tx, &days[i], before+1)
			if err != nil {
				return fmt.Errorf("day %s: %w", days[i].Date, err)
			}
			if fresh {
				changed++
			}
		}
		if changed > 0 {
			entry := auditOf(&w, engine.ChangeRates, "", "")
			entry.Action, entry.Detail = engine.AuditChanged, fmt.Sprintf("%d days", changed)
			if err := errors.Join(turnBook(tx, before), audit(tx, entry)); err != nil {
				return err
			}
		}
		return remember(tx, w.Once, rateDays, "", uint64(changed))
	})
	if err != nil {
		return 0, fmt.Errorf("put rates: %w", err)
	}
	return changed, nil
}

// bookVersion returns the version of the book, 0 before one was kept.
func bookVersion(from kv.Reader) (uint64, error) {
	value, err := from.Get(key(bookKind))
	if errors.Is(err, kv.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return decode(value, readVersion)
}

// turnBook gives the book its next version and tells of it.
func turnBook(tx kv.Tx, before uint64) error {
	after := before + 1
	value, err := encode(&after, writeVersion)
	if err != nil {
		return err
	}
	return errors.Join(tx.Put(key(bookKind), value), emit(tx, engine.Change{Kind: engine.ChangeRates, Before: before, After: after}))
}

// putDay keeps a day's rates, and those they replace under the version that does so, and reports whether they were not there already.
func putDay(tx kv.Tx, day *engine.RateDay, version uint64) (fresh bool, err error) {
	at, err := dayKey(day.Date)
	if err != nil {
		return false, err
	}
	value, err := encode(day, writeRates)
	if err != nil {
		return false, err
	}
	was, err := tx.Get(at)
	if err == nil && bytes.Equal(was, value) {
		return false, nil
	}
	if err != nil && !errors.Is(err, kv.ErrNotFound) {
		return false, err
	}
	if was == nil {
		if was, err = encode(new(engine.RateDay), writeRates); err != nil {
			return false, err
		}
	}
	replaced := numbered(append(under(dayPastKind), at[len(under(dayKind)):]...), version)
	return true, errors.Join(tx.Put(replaced, was), tx.Put(at, value))
}

// dayKey orders days by date: year, month and day as four bytes.
func dayKey(d engine.Date) ([]byte, error) {
	if d.Month < 1 || d.Month > 12 || d.Day < 1 || d.Day > 31 || d.Year < 0 || d.Year > 9999 {
		return nil, fmt.Errorf("%d-%d-%d is no date of the years 0 to 9999", d.Year, d.Month, d.Day)
	}
	return append(binary.BigEndian.AppendUint16(under(dayKind), uint16(d.Year)), byte(d.Month), byte(d.Day)), nil
}

// parseDay reads a date at the beginning of k and returns what follows it.
func parseDay(k []byte) (engine.Date, []byte, error) {
	if len(k) < 4 {
		return engine.Date{}, nil, corrupt("%x is no key of a day", k)
	}
	return engine.Date{Year: int(binary.BigEndian.Uint16(k)), Month: time.Month(k[2]), Day: int(k[3])}, k[4:], nil
}
