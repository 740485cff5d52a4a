package command

import (
	"fmt"
	"math/rand/v2"
	"strconv"

	"github.com/sihai-network/sihai/engine/wire"
)

// discount draws what an offer gives where customers usually pay some US cents, and the title that tells it.
func discount(d *rand.Rand, p purse, spend float64) (wire.Discount, wire.Text) {
	out, title := discountKind(d, p, spend)
	if d.IntN(4) == 0 {
		out.MinSpend = p.money(spend / 2)
	}
	return out, title
}

func discountKind(d *rand.Rand, p purse, spend float64) (wire.Discount, wire.Text) {
	percent := float64(5 * (1 + d.IntN(10)))
	shown := strconv.FormatFloat(percent, 'f', -1, 64)
	switch chance := d.Float64(); {
	case chance < 0.45:
		out := wire.Discount{Type: "percent", Percent: &percent}
		if d.IntN(2) == 0 {
			out.Max = p.money(spend)
		}
		return out, wire.Text{"en": shown + "% off", "zh-Hans": strconv.FormatFloat((100-percent)/10, 'f', -1, 64) + "折"}
	case chance < 0.6:
		off := p.money(spend * 0.2)
		told := moneyText(off.Amount, off.Currency)
		return wire.Discount{Type: "amount", Amount: off}, wire.Text{"en": told + " off", "zh-Hans": "立减 " + told}
	case chance < 0.7:
		price := p.money(spend * 0.7)
		told := moneyText(price.Amount, price.Currency)
		return wire.Discount{Type: "fixed_price", Price: price, RegularPrice: p.money(spend)}, wire.Text{"en": "Today for " + told, "zh-Hans": "特价 " + told}
	case chance < 0.82:
		free, buy := 100.0, 1+d.IntN(3)
		return wire.Discount{Type: "buy_x_get_y", Buy: buy, Get: 1, Percent: &free}, wire.Text{"en": fmt.Sprintf("Buy %d, get one free", buy), "zh-Hans": fmt.Sprintf("买%d送1", buy)}
	case chance < 0.9:
		gift := wire.Text{"en": "A tote bag", "zh-Hans": "手提袋一个"}
		return wire.Discount{Type: "gift", Gift: gift, GiftValue: p.money(spend / 10)}, wire.Text{"en": "A gift with your purchase", "zh-Hans": "购物赠礼"}
	}
	return wire.Discount{Type: "cashback", Percent: &percent, Max: p.money(spend)}, wire.Text{"en": shown + "% cashback", "zh-Hans": "返现 " + shown + "%"}
}
