package wire_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
	"github.com/sihai-network/sihai/geo"
)

// plainly writes a decision by encoding/json: the slow oracle of AppendDecision.
func plainly(tb testing.TB, d *engine.Decision) []byte {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(decisionOf(d)); err != nil {
		tb.Fatal(err)
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n"))
}

func decisionOf(d *engine.Decision) wire.Decision {
	out := wire.Decision{
		DecisionID: d.ID, Time: d.Time.Format(time.RFC3339Nano), CatalogVersion: d.CatalogVersion,
		ScoringProfile: wire.ProfileRef{Name: d.Profile.Name, Version: d.Profile.Version},
	}
	if d.Arm != (engine.ArmRef{}) {
		out.Experiment = &wire.ArmRef{ID: d.Arm.Experiment, Arm: d.Arm.Arm}
	}
	if !d.RatesDate.IsZero() {
		out.RatesDate = d.RatesDate.String()
	}
	for i := range d.Placements {
		p := wire.Placement{ID: d.Placements[i].ID, Offers: []wire.Offer{}}
		for j := range d.Placements[i].Offers {
			p.Offers = append(p.Offers, offerOf(&d.Placements[i].Offers[j]))
		}
		out.Placements = append(out.Placements, p)
	}
	return out
}

func offerOf(o *engine.Offer) wire.Offer {
	out := wire.Offer{
		OfferID: o.ID, CampaignID: o.CampaignID, MerchantID: o.MerchantID, Position: o.Position,
		Venue: wire.OfferVenue{
			ID: o.Venue.ID, Name: o.Venue.Name, Lat: o.Venue.Position.Lat, Lon: o.Venue.Position.Lng, Category: o.Venue.Category, TimeZone: o.Venue.TimeZone,
			Distance: float64(o.Distance),
		},
		Title: o.Title, Description: o.Description, Terms: o.Terms, ImageURL: o.ImageURL, ContentLanguage: o.Language, Discount: wire.DiscountOf(&o.Discount),
		InsideProbability: o.InsideProbability, Match: string(o.Match), Score: o.Score, Propensity: o.Propensity,
		CodeRequired: o.CodeRequired,
	}
	if s := o.Saving; s != nil {
		out.EstimatedSaving = &wire.Saving{Amount: s.Amount, Currency: s.Currency}
		if !s.RateDate.IsZero() {
			out.EstimatedSaving.RateDate = s.RateDate.String()
		}
	}
	if !o.StartsAt.IsZero() {
		out.StartsAt = o.StartsAt.Format(time.RFC3339Nano)
	}
	if !o.EndsAt.IsZero() {
		out.EndsAt = o.EndsAt.Format(time.RFC3339Nano)
	}
	return out
}

// typicalDecision has some offers as a traveller in Miami gets them. The creatives of kept ones keep their forms.
func typicalDecision(offers int, kept bool) *engine.Decision {
	random := rand.New(rand.NewPCG(11, 12))
	d := &engine.Decision{
		ID: "019ac3c2-7a52-7c53-a1fb-9e36e46b6f07", Time: noon, CatalogVersion: 20_812, Profile: engine.ProfileRef{Name: "default", Version: 3},
		RatesDate: engine.Date{Year: 2026, Month: 4, Day: 13}, Request: &engine.Request{Explain: engine.ExplainNone},
		Placements: []engine.Placement{{ID: "home"}},
	}
	p := &d.Placements[0]
	for i := range offers {
		c := &engine.Creative{
			ID: fmt.Sprintf("c-%d@v-%d", i, 7*i), CampaignID: fmt.Sprintf("c-%d", i), MerchantID: fmt.Sprintf("m-%d", i%7),
			Title: fmt.Sprintf("林肯路商场 %d 号店八五折", i), Description: "适用于所有正价商品", Language: "zh-Hans",
			Venue: engine.OfferVenue{
				ID: fmt.Sprintf("v-%d", 7*i), Name: fmt.Sprintf("Café %d", i), Category: "5812", TimeZone: "America/New_York",
				Position: geo.LatLng{Lat: math.Round(1e6*(25.79+random.NormFloat64()/100)) / 1e6, Lng: math.Round(1e6*(-80.13+random.NormFloat64()/100)) / 1e6},
			},
			Discount: engine.Discount{Type: engine.DiscountPercent, Percent: engine.Percent(100 * (1 + i)), Max: engine.Money{Amount: 5000, Currency: "USD"}},
			EndsAt:   time.Date(2027, 1, 1, 0, 0, 0, 0, time.FixedZone("", -5*60*60)),
			StartsAt: time.Date(2026, 12, 1, 0, 0, 0, 0, time.FixedZone("", -5*60*60)), CodeRequired: true,
		}
		if kept {
			c.Forms = new(engine.Forms)
		}
		p.Offers = append(p.Offers, engine.Offer{
			Creative: c, Position: i + 1, Distance: geo.Meters(math.Round(4000*random.Float64()) / 10),
			Saving: &engine.Saving{Money: engine.Money{Amount: random.Int64N(10_000), Currency: "CNY"}, RateDate: d.RatesDate},
			Match:  engine.MatchFence, InsideProbability: math.Round(1e6*random.Float64()) / 1e6, Score: math.Round(1e9*random.Float64()) / 1e9, Propensity: 1,
		})
	}
	return d
}

// What is written is, byte for byte, what encoding/json makes of the wire's own types: at the first time, off the forms kept, and of creatives
// that keep none.
func TestAppendDecisionIsPlain(t *testing.T) {
	for _, kept := range []bool{false, true} {
		d := typicalDecision(40, kept)
		if kept {
			d.Arm = engine.ArmRef{Experiment: "nearer", Arm: "<b> & \"c\""}
		}
		for i := range d.Placements[0].Offers {
			o := &d.Placements[0].Offers[i]
			if i%2 == 0 {
				o.Terms, o.ImageURL = "Terms: <not> with \"other\" offers\\\n", "https://example.com/a.png?b=1&c=2"
				o.Discount = engine.Discount{Type: engine.DiscountBuyXGetY, Buy: 2, Get: 1, Percent: 3333, MinSpend: engine.Money{Amount: 1, Currency: "JPY"}}
				o.Match, o.Propensity = engine.MatchRadius, 0.05
			}
			if i%3 == 0 {
				o.StartsAt, o.CodeRequired = time.Time{}, false
				o.EndsAt, o.Saving, o.Description, o.Venue.Category = time.Time{}, nil, "", ""
				o.Distance, o.InsideProbability, o.Score = 0, 1, -0.123456789
			}
		}
		d.Placements = append(d.Placements, engine.Placement{ID: "empty"}, d.Placements[0])
		want := plainly(t, d)
		for range 2 {
			if got := wire.AppendDecision(nil, d); !bytes.Equal(got, want) {
				t.Errorf("kept %v:\n%s\nplainly\n%s", kept, got, want)
			}
		}
	}
}

// Creatives are shared by decisions under way at the same time.
func TestFormsAreMadeByMany(t *testing.T) {
	d := typicalDecision(20, true)
	want := plainly(t, d)
	done := make(chan bool)
	for range 4 {
		go func() { done <- bytes.Equal(wire.AppendDecision(nil, d), want) }()
	}
	for range 4 {
		if !<-done {
			t.Error("is not what it is plainly")
		}
	}
}

// Into a buffer that is large enough a decision is written without garbage.
func TestAppendDecisionMakesNoGarbage(t *testing.T) {
	d := typicalDecision(20, true)
	buf := wire.AppendDecision(nil, d)
	if n := testing.AllocsPerRun(100, func() { buf = wire.AppendDecision(buf[:0], d) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkAppendDecision writes decisions off the forms that creatives keep, and in the same run by encoding/json: x_faster is how many times as long that takes.
// Its twin encodes the wire's own types, made before and not counted.
func BenchmarkAppendDecision(b *testing.B) {
	for _, offers := range []int{1, 20} {
		b.Run(fmt.Sprintf("offers=%d", offers), func(b *testing.B) {
			d := typicalDecision(offers, true)
			plain := decisionOf(d)
			var plainTime time.Duration
			var buf []byte
			out := bytes.Buffer{}
			enc := json.NewEncoder(&out)
			b.ReportAllocs()
			plainly := 0
			for i := 0; b.Loop(); i++ {
				buf = wire.AppendDecision(buf[:0], d)
				if i%4096 != 0 {
					continue
				}
				b.StopTimer() // by turns, so that a busy machine is busy for both
				begun := time.Now()
				for range 128 {
					out.Reset()
					if err := enc.Encode(&plain); err != nil {
						b.Fatal(err)
					}
				}
				plainTime, plainly = plainTime+time.Since(begun), plainly+128
				b.StartTimer()
			}
			b.ReportMetric(float64(plainTime)/float64(plainly)/(float64(b.Elapsed())/float64(b.N)), "x_faster")
			b.ReportMetric(float64(len(buf)), "bytes")
		})
	}
}
