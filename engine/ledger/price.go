package ledger

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sihai-network/sihai/engine"
)

// price is what an offer takes off a purchase, and what that costs its budgets.
type price struct {
	off       engine.Money // in the purchase's currency, from 0 to the purchase
	worth     engine.Money // what budgets of spend are charged with: off, or the value of a gift
	converted bool         // a reference rate had a part in it
}

// hundredths is one in the unit of engine.Percent.
const hundredths = 10_000

// priceOf returns what a discount takes off a purchase P, in P's currency, amounts of another currency at the rates:
//
//	percent      P × percent, at most Max
//	amount       Amount, at most P
//	fixed_price  P − Price, at least 0
//	buy_x_get_y  P × percent × get / (buy + get)
//	gift         0; it is worth GiftValue
//	cashback     as percent, or as amount
//
// A percentage is always one of the whole purchase, whatever other offers took off it; left is what they left of it, and no offer takes more.
// Shares are rounded half away from zero. It is the one place where money is taken off.
func priceOf(d *engine.Discount, purchase engine.Money, left int64, rates *engine.Exchange) (price, []engine.Reason) {
	t := pricing{rates: rates, purchase: purchase}
	off, ok := t.off(d)
	var reasons []engine.Reason
	if least, known := t.in(d.MinSpend); !d.MinSpend.IsZero() {
		switch {
		case !known:
			ok = false
		case purchase.Amount < least:
			reasons = append(reasons, engine.Reason{Code: engine.BelowMinSpend, Message: fmt.Sprintf("%s is below the least purchase of %s", purchase, d.MinSpend)})
		}
	}
	if !ok {
		return price{}, append(reasons, t.unknown())
	}
	p := price{off: engine.Money{Amount: max(0, min(off, purchase.Amount, left)), Currency: purchase.Currency}}
	p.worth = p.off
	switch {
	case d.Type == engine.DiscountGift:
		p.off.Amount, p.worth = 0, d.GiftValue
		if d.GiftValue.IsZero() {
			p.worth = p.off
		}
	case p.off.Amount == 0 && off > 0:
		reasons = append(reasons, engine.Reason{Code: engine.NothingLeft, Message: fmt.Sprintf("nothing is left of the purchase of %s", purchase)})
	}
	p.converted = t.converted
	return p, reasons
}

// pricing is the computation of one price.
type pricing struct {
	rates     *engine.Exchange
	purchase  engine.Money
	converted bool
	missing   []string // currencies that could not be converted
}

// in returns an amount in the purchase's currency; no amount is 0.
func (t *pricing) in(m engine.Money) (int64, bool) {
	if m.IsZero() {
		return 0, true
	}
	got, ok := t.rates.Convert(m, t.purchase.Currency)
	if !ok {
		t.missing = append(t.missing, m.Currency)
	}
	t.converted = t.converted || ok && m.Currency != t.purchase.Currency
	return got.Amount, ok
}

func (t *pricing) unknown() engine.Reason {
	slices.Sort(t.missing)
	return rateUnknown(strings.Join(slices.Compact(t.missing), ", "), t.purchase.Currency)
}

func rateUnknown(from, to string) engine.Reason {
	return engine.Reason{Code: engine.RateUnknown, Message: fmt.Sprintf("there is no reference rate from %s to %s", from, to)}
}

// off applies the formula of the discount's type.
func (t *pricing) off(d *engine.Discount) (int64, bool) {
	switch d.Type {
	case engine.DiscountAmount:
		return t.in(d.Amount)
	case engine.DiscountPercent:
		return t.percent(d)
	case engine.DiscountCashback:
		if !d.Amount.IsZero() {
			return t.in(d.Amount)
		}
		return t.percent(d)
	case engine.DiscountFixedPrice:
		to, ok := t.in(d.Price)
		return max(0, t.purchase.Amount-max(0, to)), ok
	case engine.DiscountBuyXGetY:
		if d.Buy < 0 || d.Get <= 0 {
			return 0, true
		}
		return share3(t.purchase.Amount, int64(d.Get)*int64(d.Percent), int64(d.Buy+d.Get)*hundredths)
	}
	return 0, true
}

func (t *pricing) percent(d *engine.Discount) (int64, bool) {
	off, ok := share3(t.purchase.Amount, int64(d.Percent), hundredths)
	if most, known := t.in(d.Max); !d.Max.IsZero() {
		off, ok = min(off, most), ok && known
	}
	return off, ok
}

// share3 returns a × b / c, rounded half away from zero.
func share3(a, b, c int64) (int64, bool) {
	if b <= 0 {
		return 0, true
	}
	return engine.Scaled(a, b, c, 0)
}

// charges returns what a price takes of budgets: in its own currency, and in that of each budget of spend; ascending by currency.
func charges(p price, budgets []engine.Budget, rates *engine.Exchange) (all []engine.Money, converted bool, reasons []engine.Reason) {
	codes := []string{p.worth.Currency}
	for _, b := range budgets {
		if b.Metric == engine.MetricSpend && !slices.Contains(codes, b.Currency) {
			codes = append(codes, b.Currency)
		}
	}
	slices.Sort(codes)
	for _, code := range codes {
		m, ok := rates.Convert(p.worth, code)
		if !ok {
			reasons = append(reasons, rateUnknown(p.worth.Currency, code))
			continue
		}
		converted = converted || code != p.worth.Currency
		if m.Amount > 0 {
			all = append(all, m)
		}
	}
	return all, converted, reasons
}
