package store

import (
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/sihai-network/sihai/engine"
)

func writeDiscount(m *message, num protowire.Number, d *engine.Discount) {
	m.sub(num, func() {
		m.str(1, string(d.Type))
		m.int(2, int64(d.Percent))
		m.money(3, d.Max)
		m.money(4, d.Amount)
		m.money(5, d.Price)
		m.money(6, d.RegularPrice)
		m.int(7, int64(d.Buy))
		m.int(8, int64(d.Get))
		m.text(9, d.Gift)
		m.money(10, d.GiftValue)
		m.money(11, d.MinSpend)
	})
}

func readDiscount(f *field) (d engine.Discount) {
	f.sub(func(f *field) {
		switch f.num {
		case 1:
			d.Type = engine.DiscountType(f.word())
		case 2:
			d.Percent = engine.Percent(f.int())
		case 3:
			d.Max = f.money()
		case 4:
			d.Amount = f.money()
		case 5:
			d.Price = f.money()
		case 6:
			d.RegularPrice = f.money()
		case 7:
			d.Buy = int(f.int())
		case 8:
			d.Get = int(f.int())
		case 9:
			d.Gift = f.text(d.Gift)
		case 10:
			d.GiftValue = f.money()
		case 11:
			d.MinSpend = f.money()
		}
	})
	return d
}
