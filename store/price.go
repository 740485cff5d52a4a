package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store/kv"
)

var _ engine.PriceLog = (*DB)(nil)

// prices are those of campaigns' budgets.
func prices() epochs[*engine.Prices] {
	return epochs[*engine.Prices]{place: pricesPlace(), name: "prices", write: writePrices, read: readPrices}
}

func writePrices(m *message, p **engine.Prices) {
	m.time(2, (*p).At)
	m.float(3, (*p).Redeemed)
	for i := range (*p).Budgets {
		b := &(*p).Budgets[i]
		m.sub(4, func() {
			m.str(1, string(b.Metric))
			m.str(2, b.Currency)
			m.str(3, string(b.Period))
			m.str(4, string(b.Per))
			m.str(5, b.VenueID)
			m.float(6, b.Price)
			m.int(7, b.Taken)
			m.date(8, b.Since)
		})
	}
}

func readPrices(p **engine.Prices, f *field) {
	if *p == nil {
		*p = new(engine.Prices)
	}
	switch f.num {
	case 2:
		(*p).At = f.time()
	case 3:
		(*p).Redeemed = f.float()
	case 4:
		var b engine.BudgetPrice
		f.sub(readInto(&b, readBudgetPrice))
		(*p).Budgets = append((*p).Budgets, b)
	}
}

func readBudgetPrice(b *engine.BudgetPrice, f *field) {
	switch f.num {
	case 1:
		b.Metric = engine.Metric(f.str())
	case 2:
		b.Currency = f.str()
	case 3:
		b.Period = engine.Period(f.str())
	case 4:
		b.Per = engine.Scope(f.str())
	case 5:
		b.VenueID = f.str()
	case 6:
		b.Price = f.float()
	case 7:
		b.Taken = f.int()
	case 8:
		b.Since = f.date()
	}
}

// tick is a time at which prices were set, and the epoch from then on.
type tick struct {
	at    time.Time
	epoch uint64
}

func writeTick(m *message, t *tick) {
	m.time(1, t.at)
	m.uint(2, t.epoch)
}

func readTick(t *tick, f *field) {
	switch f.num {
	case 1:
		t.at = f.time()
	case 2:
		t.epoch = f.uint()
	}
}

// KeepPrices implements engine.PriceLog. Cost: a transaction for each thousand campaigns, and one more.
func (db *DB) KeepPrices(ctx context.Context, at time.Time, changed map[engine.CampaignRef]*engine.Prices) (epoch uint64, err error) {
	if len(changed) > 0 {
		if epoch, err = prices().keep(ctx, db, changed); err != nil {
			return 0, err
		}
	}
	err = db.update(ctx, pricesPlace(), key(tickKind), func(tx kv.Tx) error {
		last, err := tickOf(tx)
		if err != nil {
			return err
		}
		if epoch == 0 {
			epoch = last.epoch
		}
		value, err := encode(&tick{at, epoch}, writeTick)
		if err != nil {
			return err
		}
		return tx.Put(key(tickKind), value)
	})
	if err != nil {
		return 0, fmt.Errorf("keep prices: %w", err)
	}
	return epoch, nil
}

// tickOf returns the last tick; zero for none.
func tickOf(from kv.Reader) (tick, error) {
	value, err := from.Get(key(tickKind))
	if errors.Is(err, kv.ErrNotFound) {
		return tick{}, nil
	}
	if err != nil {
		return tick{}, err
	}
	return decode(value, readTick)
}

// Prices implements engine.PriceLog. Cost: linear in the campaigns that have any.
func (db *DB) Prices(ctx context.Context) (map[engine.CampaignRef]*engine.Prices, uint64, time.Time, error) {
	var last tick
	err := db.view(ctx, pricesPlace(), func(from kv.Reader) (err error) {
		last, err = tickOf(from)
		return err
	})
	if err != nil {
		return nil, 0, time.Time{}, fmt.Errorf("read prices: %w", err)
	}
	all, epoch, err := prices().newest(ctx, db)
	return all, epoch, last.at, err
}

// PricesAt implements engine.PriceLog. Cost: a lookup or two for each campaign asked for; with none asked for, linear in those that have any.
func (db *DB) PricesAt(ctx context.Context, epoch uint64, refs []engine.CampaignRef) (map[engine.CampaignRef]*engine.Prices, error) {
	return prices().at(ctx, db, epoch, refs)
}
