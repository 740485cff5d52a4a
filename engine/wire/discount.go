package wire

import (
	"math"

	"github.com/sihai-network/sihai/engine"
)

// Discount is what an offer gives. Which members it has depends on its type.
type Discount struct {
	Type         string   `json:"type" enum:"percent,amount,fixed_price,buy_x_get_y,gift,cashback"`
	Percent      *float64 `json:"percent,omitempty" minimum:"0" maximum:"100" doc:"at most two decimals; of percent, buy_x_get_y and cashback"`
	Max          *Money   `json:"max,omitempty" doc:"most that a percent or cashback takes off"`
	Amount       *Money   `json:"amount,omitempty" doc:"money off; of amount and cashback"`
	Price        *Money   `json:"price,omitempty" doc:"of fixed_price"`
	RegularPrice *Money   `json:"regular_price,omitempty" doc:"price without the offer, so that the saving of a fixed_price is known"`
	Buy          int      `json:"buy,omitempty" minimum:"0" maximum:"1000" doc:"items paid in full; of buy_x_get_y"`
	Get          int      `json:"get,omitempty" minimum:"0" maximum:"1000" doc:"items that are percent off; of buy_x_get_y"`
	Gift         Text     `json:"gift,omitempty" doc:"BCP 47 tag → what is given; of gift"`
	GiftValue    *Money   `json:"gift_value,omitempty" doc:"so that the saving of a gift is known"`
	MinSpend     *Money   `json:"min_spend,omitempty" doc:"least purchase for which the offer holds"`
}

func (d *Discount) engine(faults *engine.Faults) engine.Discount {
	out := engine.Discount{
		Type: engine.DiscountType(d.Type), Max: d.Max.engine(), Amount: d.Amount.engine(), Price: d.Price.engine(),
		RegularPrice: d.RegularPrice.engine(), Buy: d.Buy, Get: d.Get, Gift: d.Gift.engine(), GiftValue: d.GiftValue.engine(), MinSpend: d.MinSpend.engine(),
	}
	if d.Percent != nil {
		hundredths := *d.Percent * 100
		whole := math.Round(hundredths)
		if math.Abs(hundredths-whole) > 1e-6 {
			faults.Add("discount.percent", "invalid", "%v has more than two decimals", *d.Percent)
		}
		out.Percent = engine.Percent(whole)
	}
	return out
}

// DiscountOf returns d as it is sent.
func DiscountOf(d *engine.Discount) Discount {
	out := Discount{
		Type: string(d.Type), Max: moneyOf(d.Max), Amount: moneyOf(d.Amount), Price: moneyOf(d.Price), RegularPrice: moneyOf(d.RegularPrice),
		Buy: d.Buy, Get: d.Get, Gift: Text(d.Gift), GiftValue: moneyOf(d.GiftValue), MinSpend: moneyOf(d.MinSpend),
	}
	if d.Percent != 0 {
		percent := float64(d.Percent) / 100
		out.Percent = &percent
	}
	return out
}
