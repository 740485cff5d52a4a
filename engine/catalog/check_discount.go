package catalog

import (
	"slices"

	"github.com/sihai-network/sihai/engine"
)

// discountParts names the members that a type of discount needs and those that it may have. All others do not belong to it.
func discountParts(t engine.DiscountType) (needed, optional []string) {
	switch t {
	case engine.DiscountPercent:
		return []string{"percent"}, []string{"max", "min_spend"}
	case engine.DiscountAmount:
		return []string{"amount"}, []string{"min_spend"}
	case engine.DiscountFixedPrice:
		return []string{"price"}, []string{"regular_price", "min_spend"}
	case engine.DiscountBuyXGetY:
		return []string{"buy", "get", "percent"}, []string{"min_spend"}
	case engine.DiscountGift:
		return []string{"gift"}, []string{"gift_value", "min_spend"}
	case engine.DiscountCashback:
		return nil, []string{"percent", "max", "amount", "min_spend"}
	}
	return nil, nil
}

func (k *checker) discount(d *engine.Discount) {
	before := len(k.faults)
	among(k, "discount.type", d.Type, engine.DiscountPercent, engine.DiscountAmount, engine.DiscountFixedPrice,
		engine.DiscountBuyXGetY, engine.DiscountGift, engine.DiscountCashback)
	known := len(k.faults) == before
	needed, optional := discountParts(d.Type)

	for _, part := range []struct {
		name  string
		given bool
		check func(path string)
	}{
		{"percent", d.Percent != 0, func(path string) { k.percent(path, d.Percent) }},
		{"max", given(d.Max), func(path string) { k.money(path, d.Max) }},
		{"amount", given(d.Amount), func(path string) { k.money(path, d.Amount) }},
		{"price", given(d.Price), func(path string) { k.money(path, d.Price) }},
		{"regular_price", given(d.RegularPrice), func(path string) { k.money(path, d.RegularPrice) }},
		{"buy", d.Buy != 0, func(path string) { k.items(path, d.Buy) }},
		{"get", d.Get != 0, func(path string) { k.items(path, d.Get) }},
		{"gift", len(d.Gift) > 0, func(path string) { k.text(path, d.Gift, MaxGift, true) }},
		{"gift_value", given(d.GiftValue), func(path string) { k.money(path, d.GiftValue) }},
		{"min_spend", given(d.MinSpend), func(path string) { k.money(path, d.MinSpend) }},
	} {
		path := "discount." + part.name
		needs := slices.Contains(needed, part.name)
		switch {
		case part.given && known && !needs && !slices.Contains(optional, part.name):
			k.add(path, "invalid", "a discount of type %s has no %s", d.Type, part.name)
		case part.given:
			part.check(path)
		case needs:
			k.add(path, "required", "a discount of type %s needs %s above zero", d.Type, part.name)
		}
	}
	k.discountAsWhole(d)
}

// discountAsWhole checks what members say of one another.
func (k *checker) discountAsWhole(d *engine.Discount) {
	switch d.Type {
	case engine.DiscountCashback:
		percent, amount := d.Percent != 0, given(d.Amount)
		if percent == amount {
			k.add("discount", "invalid", "a discount of type cashback has either percent or amount")
		}
		if given(d.Max) && amount && !percent {
			k.add("discount.max", "invalid", "a cashback of an amount has no max")
		}
	case engine.DiscountFixedPrice:
		p, r := d.Price, d.RegularPrice
		if p.Currency != "" && p.Currency == r.Currency && r.Amount > 0 && r.Amount < p.Amount {
			k.add("discount.regular_price.amount", "out_of_range", "a regular price of %v is below the price of %v", r, p)
		}
	}
}

func (k *checker) percent(path string, p engine.Percent) {
	if p < 1 || p > 10_000 {
		k.add(path, "out_of_range", "a percentage is above 0 and at most 100, not %d hundredths", p)
	}
}

func (k *checker) items(path string, n int) {
	if n < 1 || n > MaxItems {
		k.add(path, "out_of_range", "%d is not between 1 and %d", n, MaxItems)
	}
}
