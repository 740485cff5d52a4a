package store

import (
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store/kv"
)

var _ engine.Purchases = (*DB)(nil)

// purchasesPlace holds the purchases of one merchant.
func purchasesPlace(merchant string) kv.Part { return kv.Part("q/" + merchant) }

// purchaseKey hides the app's name of a purchase in a hash: it is of any form.
func purchaseKey(id string) []byte {
	h := sha256.Sum256([]byte(id))
	return append(under(purchaseKind), h[:]...)
}

const purchaseKind = 'p'

// Purchase implements engine.Purchases.
func (db *DB) Purchase(ctx context.Context, merchant, id string) (lines []engine.PurchaseLine, err error) {
	if !validID(merchant) {
		return nil, fmt.Errorf("purchase of merchant %.40q: %w", merchant, engine.ErrNotFound)
	}
	err = db.kv.View(ctx, purchasesPlace(merchant), func(from kv.Reader) error {
		lines, _, err = value(from, purchaseKey(id), readPurchase)
		return err
	})
	return lines, Translate(err)
}

// UpdatePurchase implements engine.Purchases. A purchase without lines is forgotten.
func (db *DB) UpdatePurchase(ctx context.Context, merchant, id string, change func([]engine.PurchaseLine) ([]engine.PurchaseLine, error)) error {
	if !validID(merchant) {
		return fmt.Errorf("purchase of merchant %.40q: %w", merchant, engine.ErrNotFound)
	}
	at := purchaseKey(id)
	return Translate(db.kv.Update(ctx, purchasesPlace(merchant), at, func(tx kv.Tx) error {
		lines, found, err := value(tx, at, readPurchase)
		if err != nil {
			return err
		}
		if lines, err = change(lines); err != nil {
			return err
		}
		switch {
		case len(lines) > 0:
			return putValue(tx, at, &lines, writePurchase)
		case found:
			return tx.Delete(at)
		}
		return nil
	}))
}

func writePurchase(m *message, lines *[]engine.PurchaseLine) {
	for _, l := range *lines {
		m.sub(1, func() {
			m.str(1, l.RedemptionID)
			m.str(2, l.Stacking.Group)
			m.str(3, string(l.Stacking.Mode))
			m.int(4, int64(l.Stacking.Priority))
			m.money(5, l.Discount)
			m.time(6, l.Until)
			m.bool(7, l.Firm)
		})
	}
}

func readPurchase(lines *[]engine.PurchaseLine, f *field) {
	if f.num != 1 {
		return
	}
	var l engine.PurchaseLine
	f.sub(func(f *field) {
		switch f.num {
		case 1:
			l.RedemptionID = f.str()
		case 2:
			l.Stacking.Group = f.str()
		case 3:
			l.Stacking.Mode = engine.StackingMode(f.str())
		case 4:
			l.Stacking.Priority = int(f.int())
		case 5:
			l.Discount = f.money()
		case 6:
			l.Until = f.time()
		case 7:
			l.Firm = f.bool()
		}
	})
	*lines = append(*lines, l)
}
