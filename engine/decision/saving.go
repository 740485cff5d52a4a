package decision

import (
	"github.com/sihai-network/sihai/engine"
)

// estimate is what an offer is thought to save. The zero value is unknown.
type estimate struct {
	known     bool
	saving    engine.Money // in the discount's own currency
	price     engine.Money // before the saving, in the same; zero: unknown
	converted bool         // a reference rate had a part in it
}

// till computes estimates at one venue: the basis in one currency, and whether a rate was needed on the way.
type till struct {
	rates     *exchange
	purchase  engine.Money // zero: unknown
	fallback  engine.Money
	discount  *engine.Discount
	venue     *engine.Venue
	unit      string // currency of the estimate
	converted bool
}

// estimateSaving returns what a discount saves at a venue. With B the basis, the price of what is bought, in the discount's
// own currency (see ownCurrency):
//
//	percent      B × percent, at most Max
//	amount       Amount, at most B
//	fixed_price  RegularPrice − Price where it is told, otherwise B − Price; at least 0
//	buy_x_get_y  B × percent × get / (buy + get): B buys buy + get items of one price
//	gift         GiftValue; unknown where it is not told
//	cashback     as percent, or as amount
//
// B is the request's purchase; without one the venue's typical spend, or the fallback where that is unknown, and at least
// MinSpend. A purchase below MinSpend saves nothing. An estimate that needs a rate that is not known is unknown, but for a
// fallback beside a MinSpend.
func estimateSaving(rates *exchange, d *engine.Discount, v *engine.Venue, purchase, fallback engine.Money) estimate {
	t := till{rates: rates, purchase: purchase, fallback: fallback, discount: d, venue: v}
	t.unit = t.ownCurrency()
	basis, sure := t.basis()
	if !purchase.IsZero() && !d.MinSpend.IsZero() {
		least, ok := t.in(d.MinSpend)
		if !ok || !sure {
			return estimate{}
		}
		if basis < least {
			return t.told(0, basis)
		}
	}
	return t.estimate(basis, sure)
}

// ownCurrency is that of the discount's amounts; where it has none, the venue's, then the purchase's.
func (t *till) ownCurrency() string {
	d := t.discount
	for _, m := range [...]engine.Money{d.Amount, d.Price, d.GiftValue, d.Max, d.MinSpend} {
		if !m.IsZero() {
			return m.Currency
		}
	}
	switch {
	case t.venue.Currency != "":
		return t.venue.Currency
	case !t.purchase.IsZero():
		return t.purchase.Currency
	case !t.venue.TypicalSpend.IsZero():
		return t.venue.TypicalSpend.Currency
	}
	return t.fallback.Currency
}

// in returns an amount in the currency of the estimate.
func (t *till) in(m engine.Money) (int64, bool) {
	if m.Currency == t.unit {
		return m.Amount, true
	}
	got, ok := t.rates.Convert(m, t.unit)
	t.converted = t.converted || ok
	return got.Amount, ok
}

// basis returns the price of what is bought.
func (t *till) basis() (amount int64, ok bool) {
	if !t.purchase.IsZero() {
		return t.in(t.purchase)
	}
	least, told := int64(0), !t.discount.MinSpend.IsZero()
	if told {
		if least, ok = t.in(t.discount.MinSpend); !ok {
			return 0, false
		}
	}
	if !t.venue.TypicalSpend.IsZero() {
		usual, ok := t.in(t.venue.TypicalSpend)
		return max(least, usual), ok
	}
	usual, ok := t.in(t.fallback)
	return max(least, usual), ok || told
}

// estimate applies the formula of the discount's type. basis counts only where it is sure.
func (t *till) estimate(basis int64, sure bool) estimate {
	d := t.discount
	switch d.Type {
	case engine.DiscountGift:
		value, ok := t.in(d.GiftValue)
		if d.GiftValue.IsZero() || !ok {
			return estimate{}
		}
		return t.told(value, basis)
	case engine.DiscountFixedPrice:
		price, ok := t.in(d.Price)
		if !d.RegularPrice.IsZero() {
			basis, sure = t.in(d.RegularPrice)
		}
		if !ok || !sure {
			return estimate{}
		}
		return t.told(max(0, basis-price), basis)
	}
	if !sure {
		return estimate{}
	}
	switch d.Type {
	case engine.DiscountAmount:
		return t.amountOff(basis)
	case engine.DiscountPercent:
		return t.percentOff(basis)
	case engine.DiscountCashback:
		if !d.Amount.IsZero() {
			return t.amountOff(basis)
		}
		return t.percentOff(basis)
	case engine.DiscountBuyXGetY:
		return t.itemsOff(basis)
	}
	return estimate{}
}

func (t *till) amountOff(basis int64) estimate {
	off, ok := t.in(t.discount.Amount)
	if !ok {
		return estimate{}
	}
	return t.told(min(off, basis), basis)
}

// hundredths is one in the unit of engine.Percent.
const hundredths = 10_000

func (t *till) percentOff(basis int64) estimate {
	off, ok := share(basis, int64(t.discount.Percent), hundredths)
	if !ok {
		return estimate{}
	}
	if !t.discount.Max.IsZero() {
		most, ok := t.in(t.discount.Max)
		if !ok {
			return estimate{}
		}
		off = min(off, most)
	}
	return t.told(off, basis)
}

// maxItems bounds Buy and Get, so that their products are far from an overflow.
const maxItems = 1_000_000

func (t *till) itemsOff(basis int64) estimate {
	d := t.discount
	if d.Buy < 0 || d.Get <= 0 || d.Buy > maxItems || d.Get > maxItems {
		return estimate{}
	}
	off, ok := share(basis, int64(d.Get)*int64(d.Percent), int64(d.Buy+d.Get)*hundredths)
	if !ok {
		return estimate{}
	}
	return t.told(off, basis)
}

func (t *till) told(saving, price int64) estimate {
	return estimate{
		known:     true,
		saving:    engine.Money{Amount: saving, Currency: t.unit},
		price:     engine.Money{Amount: price, Currency: t.unit},
		converted: t.converted,
	}
}

// share returns a × b / c, rounded half away from zero.
func share(a, b, c int64) (int64, bool) {
	if b <= 0 {
		return 0, b == 0
	}
	return engine.Scaled(a, b, c, 0)
}

// in puts the estimate into dst as the traveller reads it, in a currency, and returns dst; empty: its own currency. It returns nil
// when the estimate or a rate is not known.
func (e *estimate) in(dst *engine.Saving, code string, rates *exchange) *engine.Saving {
	if !e.known {
		return nil
	}
	money, converted := e.saving, e.converted
	if code != "" && code != money.Currency {
		var ok bool
		if money, ok = rates.Convert(money, code); !ok {
			return nil
		}
		converted = true
	}
	*dst = engine.Saving{Money: money}
	if converted {
		dst.RateDate = rates.Day.Date
	}
	return dst
}

// euros returns the estimate in euro, for a feature; 0 when it or a rate is not known.
func (e *estimate) euros(rates *exchange) float64 {
	if !e.known {
		return 0
	}
	money, ok := rates.Convert(e.saving, engine.Euro)
	if !ok {
		return 0
	}
	return float64(money.Amount) / 100
}
