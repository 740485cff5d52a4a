package store

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/sihai-network/sihai/engine"
)

// only empties the parts of a decision that were not asked for, as the scan promises.
func only(d *engine.Decision, parts engine.DecisionParts) {
	if r := d.Request; r != nil {
		if !parts.Has(engine.PartUser) {
			r.User = engine.User{}
		}
		if !parts.Has(engine.PartLocation) {
			r.Location = nil
		}
		if !parts.Has(engine.PartAsk) {
			*r = engine.Request{Time: r.Time, User: r.User, Location: r.Location}
		}
		if parts&(engine.PartUser|engine.PartLocation|engine.PartAsk) == 0 {
			d.Request = nil
		}
	}
	if !parts.Has(engine.PartAsk) {
		d.Settings = nil
	}
	if !parts.Has(engine.PartRejections) {
		d.Withheld = nil
	}
	for i := range d.Placements {
		p := &d.Placements[i]
		if !parts.Has(engine.PartRejections) {
			p.Rejected = nil
		}
		if !parts.Has(engine.PartOffers) {
			p.Offers = nil
		}
		for j := range p.Offers {
			o := &p.Offers[j]
			if !parts.Has(engine.PartFeatures) {
				o.Features = nil
			}
			if !parts.Has(engine.PartExplanations) {
				o.Explanation = nil
			}
			if !parts.Has(engine.PartTexts) {
				c := o.Creative
				o.Creative = &engine.Creative{ID: c.ID, CampaignID: c.CampaignID, MerchantID: c.MerchantID, Venue: c.Venue, Language: c.Language}
				o.Saving = nil
			}
		}
	}
}

// TestScannerReadsWhatTheCodeReads holds the projecting decoder against the whole one, for many sets of parts.
func TestScannerReadsWhatTheCodeReads(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 300 {
		parts := engine.DecisionParts(r.UintN(uint(engine.AllParts) + 1))
		if i == 0 {
			parts = engine.AllParts
		}
		s := newDecisionScanner(parts)
		for range 3 { // into the same memory
			var d engine.Decision
			fill(r, reflect.ValueOf(&d).Elem(), 0)
			body, err := encodeBody(&d, writeDecision)
			if err != nil {
				t.Fatal(err)
			}
			want, err := decodeBody(body, readDecision)
			if err != nil {
				t.Fatal(err)
			}
			only(want, parts)
			got, err := s.read(body)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("parts %b:\n%+v\nwant\n%+v", parts, *got, *want)
			}
		}
	}
}

func TestEventScannerReadsWhatTheCodeReads(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	s := newEventScanner()
	for range 100 {
		var e engine.Event
		fill(r, reflect.ValueOf(&e).Elem(), 0)
		body, err := encodeBody(&e, writeEvent)
		if err != nil {
			t.Fatal(err)
		}
		want, err := decodeBody(body, readEvent)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := s.read(body); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v, %v; want %+v", got, err, *want)
		}
	}
}

// FuzzScanDecision reads bytes by both decoders: what both can read is the same.
func FuzzScanDecision(f *testing.F) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 5 {
		var d engine.Decision
		fill(r, reflect.ValueOf(&d).Elem(), 0)
		body, err := encodeBody(&d, writeDecision)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := newDecisionScanner(engine.AllParts).read(body)
		want, other := decodeBody(body, readDecision)
		_, _ = newDecisionScanner(engine.PartOffers).read(body)
		_, _ = newEventScanner().read(body)
		_, _ = (&tallyScanner{phrases: make(phrases)}).read(body, "")
		if err != nil || other != nil {
			return
		}
		a, err := encodeBody(got, writeDecision)
		b, other := encodeBody(want, writeDecision)
		if (err == nil) != (other == nil) || !bytes.Equal(a, b) {
			t.Fatalf("%x: read as\n%x, %v and\n%x, %v", body, a, err, b, other)
		}
	})
}

// FuzzBlock reads bytes as a block by both readers.
func FuzzBlock(f *testing.F) {
	blocks, _ := pack([][]byte{[]byte("one"), []byte("two"), nil})
	f.Add(blocks[0])
	f.Add([]byte{valueVersion, 10, 1, 'x'})
	f.Fuzz(func(t *testing.T, block []byte) {
		var want, got [][]byte
		other := readBlock(block, func(f *field) {
			if f.num == 1 {
				want = append(want, bytes.Clone(f.part()))
			}
		})
		_, err := eachBody(block, nil, func(body []byte) error { got = append(got, bytes.Clone(body)); return nil })
		if (err == nil) != (other == nil) {
			t.Fatalf("%x: %v and %v", block, err, other)
		}
		if err == nil && !reflect.DeepEqual(got, want) {
			t.Fatalf("%x: %q and %q", block, got, want)
		}
	})
}
