package decision

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/sihai-network/sihai/engine"
)

func usd(amount int64) engine.Money { return engine.Money{Amount: amount, Currency: "USD"} }
func jpy(amount int64) engine.Money { return engine.Money{Amount: amount, Currency: "JPY"} }
func kwd(amount int64) engine.Money { return engine.Money{Amount: amount, Currency: "KWD"} }
func eur(amount int64) engine.Money { return engine.Money{Amount: amount, Currency: "EUR"} }

// testRates: 1 EUR = 1.25 USD = 160.5 JPY = 0.3750 KWD = 8 CNY.
func testRates() exchange {
	return exchange{Exchange: engine.NewExchange(engine.RateDay{
		Date: engine.Date{Year: 2026, Month: 11, Day: 23},
		Rates: map[string]engine.Rate{
			"USD": {Mantissa: 125, Scale: 2}, "JPY": {Mantissa: 1605, Scale: 1}, "KWD": {Mantissa: 3750, Scale: 4}, "CNY": {Mantissa: 8},
		},
	})}
}

func TestConvert(t *testing.T) {
	rates := testRates()
	cases := []struct {
		name string
		from engine.Money
		to   string
		want int64
		ok   bool
	}{
		{"the same currency needs no rate", engine.Money{Amount: 7, Currency: "XXX"}, "XXX", 7, true},
		{"two places to two", usd(1250), "CNY", 8000, true},
		{"two places to none", usd(100), "JPY", 128, true},  // 128.4
		{"half away from zero", eur(100), "JPY", 161, true}, // 160.5
		{"half away from zero below it", eur(-100), "JPY", -161, true},
		{"none to two", jpy(1605), "USD", 1250, true},
		{"two places to three", usd(1250), "KWD", 3750, true},
		{"three places to none", kwd(375), "JPY", 161, true},
		{"to euro", usd(125), "EUR", 100, true},
		{"an unknown source", engine.Money{Amount: 1, Currency: "VND"}, "USD", 0, false},
		{"an unknown target", usd(1), "VND", 0, false},
		{"too large a result", usd(math.MaxInt64), "JPY", 0, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, ok := rates.Convert(c.from, c.to)
			if ok != c.ok || ok && (got.Amount != c.want || got.Currency != c.to) {
				t.Errorf("%v to %s: %v %v, want %d %v", c.from, c.to, got, ok, c.want, c.ok)
			}
		})
	}
	if _, ok := new(exchange).Convert(eur(1), "USD"); ok {
		t.Error("converted without rates")
	}
}

// The fast arithmetic equals that of big rationals.
func TestScaledEqualsRationals(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	size := func() int64 { return 1 + random.Int64()>>random.IntN(63) }
	for range 20_000 {
		a, b, c, power := size(), size(), size(), random.IntN(45)-22
		if random.IntN(2) == 0 {
			a = -a
		}
		exact := new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(a), big.NewInt(b)), big.NewInt(c))
		ten := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(power, -power))), nil)
		if power >= 0 {
			exact.Mul(exact, new(big.Rat).SetInt(ten))
		} else {
			exact.Quo(exact, new(big.Rat).SetInt(ten))
		}
		// Rat.FloatString rounds halves away from zero.
		want, _ := new(big.Int).SetString(exact.FloatString(0), 10)
		got, ok := engine.Scaled(a, b, c, power)
		if ok != want.IsInt64() || ok && got != want.Int64() {
			t.Fatalf("%d × %d / %d × 10^%d: %d %v, want %v", a, b, c, power, got, ok, want)
		}
	}
}

func TestEstimateSaving(t *testing.T) {
	miami := engine.Venue{Currency: "USD", TypicalSpend: usd(8000)}
	tokyo := engine.Venue{Currency: "JPY", TypicalSpend: jpy(9000)}
	kuwait := engine.Venue{Currency: "KWD", TypicalSpend: kwd(20_000)}
	hanoi := engine.Venue{Currency: "VND"}
	cases := []struct {
		name     string
		discount engine.Discount
		venue    engine.Venue
		purchase engine.Money
		want     engine.Money // zero: unknown
		rated    bool
	}{
		{"percent of the typical spend", engine.Discount{Type: "percent", Percent: 1500}, miami, engine.Money{}, usd(1200), false},
		{"percent of the purchase", engine.Discount{Type: "percent", Percent: 1250}, miami, usd(10_004), usd(1251), false}, // 1250.5
		{"percent up to its cap", engine.Discount{Type: "percent", Percent: 5000, Max: usd(3000)}, miami, usd(20_000), usd(3000), false},
		{"percent under its cap", engine.Discount{Type: "percent", Percent: 1000, Max: usd(3000)}, miami, usd(20_000), usd(2000), false},
		{"percent in yen", engine.Discount{Type: "percent", Percent: 1000}, tokyo, jpy(1005), jpy(101), false}, // 100.5
		{"percent in dinar", engine.Discount{Type: "percent", Percent: 333}, kuwait, kwd(10_000), kwd(333), false},
		{"the minimum spend where it is more than usual", engine.Discount{Type: "percent", Percent: 1000, MinSpend: usd(30_000)}, miami, engine.Money{}, usd(3000), false},
		{"what is usual, though it is less than the default", engine.Discount{Type: "percent", Percent: 1000}, engine.Venue{Currency: "USD", TypicalSpend: usd(600)}, engine.Money{}, usd(60), false},
		{"a purchase below the minimum spend", engine.Discount{Type: "percent", Percent: 1000, MinSpend: usd(30_000)}, miami, usd(29_999), usd(0), false},
		{"a purchase at the minimum spend", engine.Discount{Type: "percent", Percent: 1000, MinSpend: usd(30_000)}, miami, usd(30_000), usd(3000), false},
		{"a minimum spend in another currency", engine.Discount{Type: "amount", Amount: usd(1000), MinSpend: jpy(12_841)}, miami, usd(10_000), usd(0), true}, // 100.01 dollars
		{"amount", engine.Discount{Type: "amount", Amount: usd(1500)}, miami, engine.Money{}, usd(1500), false},
		{"amount above the purchase", engine.Discount{Type: "amount", Amount: usd(1500)}, miami, usd(900), usd(900), false},
		{"amount of another currency", engine.Discount{Type: "amount", Amount: jpy(500)}, miami, usd(10_000), jpy(500), true},
		{"fixed price below the regular one", engine.Discount{Type: "fixed_price", Price: usd(2900), RegularPrice: usd(4000)}, miami, engine.Money{}, usd(1100), false},
		{"fixed price above the regular one", engine.Discount{Type: "fixed_price", Price: usd(2900), RegularPrice: usd(2000)}, miami, engine.Money{}, usd(0), false},
		{"fixed price below the basis", engine.Discount{Type: "fixed_price", Price: usd(2900)}, miami, usd(5000), usd(2100), false},
		{"fixed price above the basis", engine.Discount{Type: "fixed_price", Price: usd(2900)}, miami, usd(2000), usd(0), false},
		{"buy one get one free", engine.Discount{Type: "buy_x_get_y", Buy: 1, Get: 1, Percent: 10_000}, miami, usd(3001), usd(1501), false}, // 1500.5
		{"buy two get one at half price", engine.Discount{Type: "buy_x_get_y", Buy: 2, Get: 1, Percent: 5000}, miami, usd(6000), usd(1000), false},
		{"gift of a told value", engine.Discount{Type: "gift", GiftValue: usd(1800)}, miami, engine.Money{}, usd(1800), false},
		{"gift of no told value", engine.Discount{Type: "gift"}, miami, engine.Money{}, engine.Money{}, false},
		{"gift without the minimum spend", engine.Discount{Type: "gift", GiftValue: usd(1800), MinSpend: usd(9000)}, miami, usd(8999), usd(0), false},
		{"cashback by percent", engine.Discount{Type: "cashback", Percent: 500, Max: usd(300)}, miami, usd(10_000), usd(300), false},
		{"cashback by amount", engine.Discount{Type: "cashback", Amount: usd(700)}, miami, engine.Money{}, usd(700), false},
		{"a purchase in another currency", engine.Discount{Type: "percent", Percent: 1000, Max: usd(5000)}, miami, jpy(16_050), usd(1250), true},
		{"the default spend in the venue's currency", engine.Discount{Type: "percent", Percent: 1000}, engine.Venue{Currency: "JPY"}, engine.Money{}, jpy(642), true},
		{"a default spend that cannot be converted", engine.Discount{Type: "percent", Percent: 1000}, hanoi, engine.Money{}, engine.Money{}, false},
		{"a purchase that cannot be converted", engine.Discount{Type: "percent", Percent: 1000, Max: usd(5000)}, hanoi, engine.Money{Amount: 1, Currency: "VND"}, engine.Money{}, false},
		{"a cap that cannot be converted", engine.Discount{Type: "percent", Percent: 1000, Max: engine.Money{Amount: 1, Currency: "VND"}, MinSpend: usd(1)}, miami, usd(100), engine.Money{}, false},
		{"the default left out where the venue tells", engine.Discount{Type: "percent", Percent: 1000},
			engine.Venue{Currency: "VND", TypicalSpend: engine.Money{Amount: 90_000, Currency: "VND"}}, engine.Money{}, engine.Money{Amount: 9000, Currency: "VND"}, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			rates := testRates()
			got := estimateSaving(&rates, &c.discount, &c.venue, c.purchase, usd(5000))
			if got.known != !c.want.IsZero() || got.known && got.saving != c.want {
				t.Errorf("saving %v (known %v), want %v", got.saving, got.known, c.want)
			}
			if got.known && got.converted != c.rated {
				t.Errorf("converted %v, want %v", got.converted, c.rated)
			}
		})
	}
}

func TestSavingIn(t *testing.T) {
	rates := testRates()
	e := estimate{known: true, saving: usd(1250), price: usd(10_000)}
	if s := e.in(new(engine.Saving), "", &rates); s.Money != usd(1250) || !s.RateDate.IsZero() {
		t.Errorf("in its own currency: %v of %v", s.Money, s.RateDate)
	}
	if s := e.in(new(engine.Saving), "CNY", &rates); s.Amount != 8000 || s.RateDate != rates.Day.Date {
		t.Errorf("in yuan: %v of %v", s.Money, s.RateDate)
	}
	if s := e.in(new(engine.Saving), "VND", &rates); s != nil {
		t.Errorf("without a rate: %v", s)
	}
	if got := e.euros(&rates); got != 10 {
		t.Errorf("%v euro", got)
	}
}
