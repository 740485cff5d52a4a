package engine

// DiscountType names the way in which an offer saves money.
type DiscountType string

// The discount types.
const (
	DiscountPercent    DiscountType = "percent"
	DiscountAmount     DiscountType = "amount"
	DiscountFixedPrice DiscountType = "fixed_price"
	DiscountBuyXGetY   DiscountType = "buy_x_get_y"
	DiscountGift       DiscountType = "gift"
	DiscountCashback   DiscountType = "cashback"
)

// Discount is what an offer gives. Which fields are set depends on Type:
//
//	percent      Percent, and Max if it is capped
//	amount       Amount, money off
//	fixed_price  Price, and RegularPrice where the saving is to be told
//	buy_x_get_y  Buy, Get and Percent: of Buy+Get items, Get are Percent off (100: free)
//	gift         Gift, and GiftValue where the saving is to be told
//	cashback     Percent (with Max) or Amount
//
// MinSpend may be set with each of them.
type Discount struct {
	Type         DiscountType
	Percent      Percent
	Max          Money
	Amount       Money
	Price        Money
	RegularPrice Money
	Buy, Get     int
	Gift         Text
	GiftValue    Money
	MinSpend     Money
}

// Percent is a share in hundredths of a percent: 1250 is 12.5 %. On the wire it is a number of percent with at most two decimals.
type Percent int64
