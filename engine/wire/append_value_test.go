package wire

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/sihai-network/sihai/engine"
)

// Numbers are written as strconv writes the shortest decimal, with the exponents that this package has always written.
func TestNumberIsTheShortestDecimal(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	check := func(x float64) {
		t.Helper()
		format := byte('f')
		if a := math.Abs(x); a != 0 && (a < 1e-6 || a >= 1e21) {
			format = 'e'
		}
		if got, want := string(number(nil, x)), strconv.FormatFloat(x, format, -1, 64); got != want {
			t.Errorf("number(%b) = %s, want %s", x, got, want)
		}
	}
	for _, x := range []float64{0, math.Copysign(0, -1), 1, 0.1, 0.3, 0.1 + 0.2, 1e-6, 9.99e-7, 1e-9, 0.999999999, 0.9999999999, 999999.999999999,
		1e6, 999999.9999999999, 1e15, 1 << 53, 1e21, 1e300, math.SmallestNonzeroFloat64, 214.6, 25.790001, 1.0000000005, 0.000001001} {
		check(x)
		check(-x)
		check(math.Nextafter(x, 0))
		check(math.Nextafter(x, math.Inf(1)))
	}
	for range 300_000 {
		x := math.Exp(random.Float64()*20 - 14)
		check(x)
		check(math.Round(x*1e9) / 1e9)
		check(math.Round(x*1e6) / 1e6)
		check(math.Round(x*10) / 10)
		check(float64(random.Int64N(1e15)) / 1e9)
		check(math.Nextafter(math.Round(x*1e9)/1e9, 0))
		check(math.Float64frombits(random.Uint64()>>12 | uint64(1000+random.IntN(50))<<52))
	}
	if got := string(number(nil, math.NaN())) + string(number(nil, math.Inf(-1))); got != "00" {
		t.Errorf("no numbers: %s", got)
	}
}

func TestQuoteIsThatOfJSON(t *testing.T) {
	texts := []string{"", "plain", "八五折", "\xff", "a\u2028b", "tab\t", `"`, `back\slash`, "<&>"}
	for c := range 256 {
		texts = append(texts, "x"+string([]byte{byte(c)})+"y", string(rune(c)))
	}
	for _, s := range texts {
		want, _ := jsontext.AppendQuote(nil, s)
		if got := quote(nil, s); string(got) != string(want) {
			t.Errorf("quote(%q) = %s, want %s", s, got, want)
		}
	}
}

func TestAppendDateIsItsText(t *testing.T) {
	for _, d := range []engine.Date{{}, {Year: 2024, Month: 2, Day: 29}, {Year: 2023, Month: 2, Day: 29}, {Year: 2026, Month: 4, Day: 31}, {Year: 2026, Month: 12, Day: 31},
		{Year: 7, Month: 1, Day: 9}, {Year: 2026, Month: 13, Day: 1}, {Year: 2026, Month: 5, Day: -1}, {Year: -3, Month: 5, Day: 1}, {Year: 10_000, Month: 5, Day: 1}} {
		if got, want := string(appendDate(nil, d)), `"`+d.String()+`"`; got != want {
			t.Errorf("appendDate(%+v) = %s, want %s", d, got, want)
		}
	}
}
