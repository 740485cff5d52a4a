package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store/kv"
)

// Rates implements engine.RateBook. Cost: linear in the days; the 7,000 days of the ECB's history take some 100 ms.
func (db *DB) Rates(ctx context.Context) (rates engine.Rates, err error) {
	err = db.view(ctx, ratesPlace(), func(from kv.Reader) error {
		rates = nil
		var after []byte
		for {
			pairs, err := from.List(under(dayKind), after, maxPage)
			if err != nil || len(pairs) == 0 {
				return err
			}
			for _, pair := range pairs {
				day, err := decode(pair.Value, readRates)
				if err != nil {
					return fmt.Errorf("day at %q: %w", pair.Key, err)
				}
				if day.Date, err = parseDay(pair.Key); err != nil {
					return err
				}
				rates = append(rates, day)
			}
			after = pairs[len(pairs)-1].Key
		}
	})
	if err != nil {
		return nil, fmt.Errorf("read rates: %w", err)
	}
	return rates, nil
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
		for i := range days {
			fresh, err := putDay(tx, &days[i])
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
			if err := errors.Join(emit(tx, engine.Change{Kind: engine.ChangeRates}), audit(tx, entry)); err != nil {
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

// putDay keeps a day's rates and reports whether they were not there already.
func putDay(tx kv.Tx, day *engine.RateDay) (fresh bool, err error) {
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
	return true, tx.Put(at, value)
}

// dayKey orders days by date: year, month and day as four bytes.
func dayKey(d engine.Date) ([]byte, error) {
	if d.Month < 1 || d.Month > 12 || d.Day < 1 || d.Day > 31 || d.Year < 0 || d.Year > 9999 {
		return nil, fmt.Errorf("%d-%d-%d is no date of the years 0 to 9999", d.Year, d.Month, d.Day)
	}
	return append(binary.BigEndian.AppendUint16(under(dayKind), uint16(d.Year)), byte(d.Month), byte(d.Day)), nil
}

func parseDay(k []byte) (engine.Date, error) {
	k = k[len(under(dayKind)):]
	if len(k) != 4 {
		return engine.Date{}, corrupt("%x is no key of a day", k)
	}
	return engine.Date{Year: int(binary.BigEndian.Uint16(k)), Month: time.Month(k[2]), Day: int(k[3])}, nil
}
