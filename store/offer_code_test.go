package store

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/sihai-network/sihai/engine"
)

// A creative is kept as the same bytes whether they are made anew, kept for the next time or kept from the last.
func TestKeptFormsAreTheSameBytes(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 9))
	for n := range 300 {
		var o engine.Offer
		fill(r, reflect.ValueOf(&o).Elem(), 0)
		if n%3 == 0 {
			o.Distance, o.Saving, o.Position, o.Venue = 0, nil, 0, engine.OfferVenue{}
		}
		want, err := encode(&o, writeOffer)
		if err != nil {
			t.Fatal(err)
		}
		o.Forms = new(engine.Forms)
		for range 2 {
			if got, err := encode(&o, writeOffer); err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%+v of %+v:\n%x\n%x %v", o, o.Creative, got, want, err)
			}
		}
	}
}

// The length of a nested message stands before it in as few bytes as it takes, whatever was thought before.
func TestSizedIsAsShortAsItCanBe(t *testing.T) {
	for _, n := range []int{0, 1, 127, 128, 300, 16_383, 16_384, 100_000} {
		text := bytes.Repeat([]byte{7}, n)
		var plain message
		plain.item(3, string(text))
		for width := 1; width <= 4; width++ {
			var m message
			m.sized(3, width, func() { m.b = append(m.b, text...) })
			if !bytes.Equal(m.b, plain.b) {
				t.Errorf("%d bytes, of which %d were left for the length: not the same", n, width)
			}
		}
	}
}
