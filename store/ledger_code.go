package store

import (
	"encoding/hex"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/sihai-network/sihai/engine"
)

func writeTaken(m *message, t *engine.Taken) {
	m.int(1, t.Redemptions)
	for _, s := range t.Spend {
		m.sub(2, func() {
			m.int(1, s.Amount)
			m.str(2, s.Currency)
		})
	}
}

func readTaken(t *engine.Taken, f *field) {
	switch f.num {
	case 1:
		t.Redemptions = f.int()
	case 2:
		t.Spend = append(t.Spend, f.money())
	}
}

func (m *message) taken(num protowire.Number, t *engine.Taken) {
	if !t.IsZero() {
		m.sub(num, func() { writeTaken(m, t) })
	}
}

func (f *field) taken() (t engine.Taken) {
	f.sub(func(f *field) { readTaken(&t, f) })
	return t
}

func writeBalance(m *message, b *engine.Balance) {
	m.uint(1, b.Entry)
	m.taken(2, &b.Total)
	for _, d := range b.Days {
		m.sub(3, func() {
			m.date(1, d.Date)
			m.taken(2, &d.Taken)
		})
	}
}

func readBalance(b *engine.Balance, f *field) {
	switch f.num {
	case 1:
		b.Entry = f.uint()
	case 2:
		b.Total = f.taken()
	case 3:
		var d engine.DayTaken
		f.sub(func(f *field) {
			switch f.num {
			case 1:
				d.Date = f.date()
			case 2:
				d.Taken = f.taken()
			}
		})
		b.Days = append(b.Days, d)
	}
}

func writeHead(m *message, h *engine.AccountHead) {
	m.uint(1, h.Movements)
	m.int(2, h.Codes)
	m.time(3, h.NextExpiry)
	m.sub(4, func() { writeBalance(m, &h.Balance) })
	m.time(5, h.LastExpiry)
}

func readHead(h *engine.AccountHead, f *field) {
	switch f.num {
	case 1:
		h.Movements = f.uint()
	case 2:
		h.Codes = f.int()
	case 3:
		h.NextExpiry = f.time()
	case 4:
		f.sub(func(f *field) { readBalance(&h.Balance, f) })
	case 5:
		h.LastExpiry = f.time()
	}
}

// writeRedemption leaves the ID, the merchant and the campaign to the key and the partition.
func writeRedemption(m *message, r *engine.Redemption) {
	m.str(1, r.VenueID)
	m.str(2, r.UserID)
	m.str(3, r.DecisionID)
	m.str(4, r.PurchaseID)
	m.str(5, r.Code)
	m.money(6, r.Purchase)
	m.money(7, r.Discount)
	for _, c := range r.Charges {
		m.money(8, c)
	}
	m.date(9, r.RatesDate)
	m.date(10, r.Day)
	m.str(11, string(r.Status))
	m.time(12, r.Time)
	m.time(13, r.Settled)
	m.time(14, r.ExpiresAt)
	m.int(15, r.RolledBack)
}

func readRedemption(r *engine.Redemption, f *field) {
	switch f.num {
	case 1:
		r.VenueID = f.str()
	case 2:
		r.UserID = f.str()
	case 3:
		r.DecisionID = f.str()
	case 4:
		r.PurchaseID = f.str()
	case 5:
		r.Code = f.str()
	case 6:
		r.Purchase = f.money()
	case 7:
		r.Discount = f.money()
	case 8:
		r.Charges = append(r.Charges, f.money())
	case 9:
		r.RatesDate = f.date()
	case 10:
		r.Day = f.date()
	case 11:
		r.Status = engine.RedemptionStatus(f.str())
	case 12:
		r.Time = f.time()
	case 13:
		r.Settled = f.time()
	case 14:
		r.ExpiresAt = f.time()
	case 15:
		r.RolledBack = f.int()
	}
}

// scopes number what a balance is of; a number never changes its meaning.
var scopes = map[engine.Scope]uint64{engine.PerCampaign: 1, engine.PerVenue: 2, engine.PerUser: 3}

func (m *message) balanceKey(k engine.BalanceKey) {
	m.uint(1, scopes[k.Per])
	if k.Per != engine.PerUser {
		m.str(2, k.ID)
		return
	}
	hash, err := hex.DecodeString(k.ID)
	if err != nil {
		m.refuse("%.40q is no hash", k.ID)
	}
	m.bytes(2, hash)
}

func (k *balanceKeyFields) key() engine.BalanceKey {
	for per, n := range scopes {
		if n == k.scope {
			id := string(k.id)
			if per == engine.PerUser {
				id = hex.EncodeToString(k.id)
			}
			return engine.BalanceKey{Per: per, ID: id}
		}
	}
	return engine.BalanceKey{}
}

type balanceKeyFields struct {
	scope uint64
	id    []byte
}

func writeMovement(m *message, v *engine.Movement) {
	m.str(1, string(v.Kind))
	m.time(2, v.Time)
	m.str(3, v.By)
	m.str(4, v.RedemptionID)
	m.str(5, string(v.Status))
	m.money(6, v.Amount)
	m.int(7, v.RolledBack)
	m.int(8, v.Codes)
	m.str(9, v.Code)
	m.int(10, v.CodeBefore)
	m.int(11, v.CodeAfter)
	m.date(12, v.Day)
	for i := range v.Changes {
		c := &v.Changes[i]
		m.sub(13, func() {
			m.balanceKey(c.BalanceKey)
			m.taken(3, &c.Before)
			m.taken(4, &c.After)
			m.taken(5, &c.DayBefore)
			m.taken(6, &c.DayAfter)
		})
	}
}

func readMovement(v *engine.Movement, f *field) {
	switch f.num {
	case 1:
		v.Kind = engine.MovementKind(f.str())
	case 2:
		v.Time = f.time()
	case 3:
		v.By = f.str()
	case 4:
		v.RedemptionID = f.str()
	case 5:
		v.Status = engine.RedemptionStatus(f.str())
	case 6:
		v.Amount = f.money()
	case 7:
		v.RolledBack = f.int()
	case 8:
		v.Codes = f.int()
	case 9:
		v.Code = f.str()
	case 10:
		v.CodeBefore = f.int()
	case 11:
		v.CodeAfter = f.int()
	case 12:
		v.Day = f.date()
	case 13:
		v.Changes = append(v.Changes, readBalanceChange(f))
	}
}

func readBalanceChange(f *field) (c engine.BalanceChange) {
	var of balanceKeyFields
	f.sub(func(f *field) {
		switch f.num {
		case 1:
			of.scope = f.uint()
		case 2:
			of.id = f.bytes()
		case 3:
			c.Before = f.taken()
		case 4:
			c.After = f.taken()
		case 5:
			c.DayBefore = f.taken()
		case 6:
			c.DayAfter = f.taken()
		}
	})
	c.BalanceKey = of.key()
	return c
}

// writeVoucher leaves the code to the key.
func writeVoucher(m *message, c *engine.Code) {
	m.int(1, c.Uses)
	m.int(2, c.Used)
	m.str(3, c.Batch)
}

func readVoucher(c *engine.Code, f *field) {
	switch f.num {
	case 1:
		c.Uses = f.int()
	case 2:
		c.Used = f.int()
	case 3:
		c.Batch = f.str()
	}
}

func writeBatch(m *message, codes *[]string) { m.strs(1, *codes) }

func readBatch(codes *[]string, f *field) {
	if f.num == 1 {
		*codes = append(*codes, f.str())
	}
}
