package analysis_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/analysis"
	"github.com/sihai-network/sihai/engine/catalog"
	"github.com/sihai-network/sihai/engine/decision"
	"github.com/sihai-network/sihai/geo"
	"github.com/sihai-network/sihai/store"
	"github.com/sihai-network/sihai/store/badgerkv"
)

// town is an invented town with its shops, its travellers and the real parts of the engine.
type town struct {
	tb        testing.TB
	random    *rand.Rand
	now       time.Time
	store     *store.DB
	service   *catalog.Service
	publisher *catalog.Publisher
	decider   *decision.Service
	appeal    map[string]float64 // by campaign: how much likelier than others it is to be tapped
	sights    []geo.LatLng
	week      float64 // level of the week
	events    []engine.Event
	decided   []*engine.Decision // that were logged
	forgets   bool               // decided stays empty
}

var (
	monday = time.Date(2026, 10, 5, 4, 0, 0, 0, time.UTC) // midnight in Miami
	miami  = geo.LatLng{Lat: 25.79, Lng: -80.13}
)

// noLog is a decision log that keeps nothing: the town logs by itself, at the time of the town.
type noLog struct{}

func (noLog) AppendDecisions(context.Context, []*engine.Decision) error { return nil }
func (noLog) Decision(context.Context, string) (*engine.Decision, error) {
	return nil, engine.ErrNotFound
}

func newTown(tb testing.TB, seed uint64, campaigns int) *town {
	tb.Helper()
	w := &town{tb: tb, random: rand.New(rand.NewPCG(seed, 1)), now: monday, appeal: make(map[string]float64)}
	disk, err := badgerkv.Open(badgerkv.Options{InMemory: true})
	w.ok(err)
	w.store, err = store.Open(tb.Context(), disk, store.Options{Clock: func() time.Time { return w.now }})
	w.ok(err)
	quiet := slog.New(slog.DiscardHandler)
	w.service = catalog.New(catalog.Options{Store: w.store, Zones: catalog.NewZones(), Random: bytes.NewReader(make([]byte, 1<<20)), Now: func() time.Time { return w.now }})
	w.ok(w.service.Seed(tb.Context(), w.now))
	for m := range 8 {
		_, err := w.service.PutMerchant(tb.Context(), w.write(), engine.Merchant{ID: fmt.Sprint("m-", m), Name: engine.Text{"en": "M"}})
		w.ok(err)
	}
	for range 12 {
		w.sights = append(w.sights, w.near(miami, 2500))
	}
	w.publisher, err = catalog.OpenPublisher(tb.Context(), catalog.PublisherOptions{Store: w.store, Packer: store.Packer{}, Logger: quiet})
	w.ok(err)
	for i := range campaigns {
		w.put(w.campaign(fmt.Sprint("c-", i), fmt.Sprint("m-", 1+i%7)))
	}
	w.decider, err = decision.New(decision.Options{Snapshots: w.publisher, Log: noLog{}, IDs: engine.IDs{Random: source{w.random}}, Logger: quiet, Queue: 1 << 20})
	w.ok(err)
	tb.Cleanup(func() { _ = w.decider.Close(); _ = w.publisher.Close(); _ = w.store.Close() })
	return w
}

// source makes bytes of a random number generator.
type source struct{ random *rand.Rand }

func (s source) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(s.random.Uint32())
	}
	return len(b), nil
}

func (w *town) ok(err error) {
	w.tb.Helper()
	if err != nil {
		w.tb.Fatal(err)
	}
}

func (w *town) write() engine.Write { return engine.Write{At: w.now, By: "test"} }

// near returns a place about so many metres from another.
func (w *town) near(p geo.LatLng, metres float64) geo.LatLng {
	return geo.LatLng{Lat: p.Lat + w.random.NormFloat64()*metres/111_000, Lng: p.Lng + w.random.NormFloat64()*metres/100_000}
}

// campaign makes one with a venue of its own, which it stores.
func (w *town) campaign(id, merchant string) engine.Campaign {
	w.tb.Helper()
	spot := w.near(w.sights[w.random.IntN(len(w.sights))], 400)
	categories := []string{"5812", "5411", "5651", "7230"}
	_, err := w.service.PutVenue(w.tb.Context(), w.write(), engine.Venue{
		ID: "v-" + id, MerchantID: merchant, Name: engine.Text{"en": "V"}, Position: spot, Category: categories[w.random.IntN(4)],
		TimeZone: "America/New_York", Currency: "USD", TypicalSpend: engine.Money{Amount: 1000 + w.random.Int64N(9000), Currency: "USD"},
	})
	w.ok(err)
	w.appeal[id] = math.Exp(0.5*w.random.NormFloat64() - 0.125)
	c := engine.Campaign{
		ID: id, MerchantID: merchant, Title: engine.Text{"en": "Off", "zh-Hans": "折"},
		Discount: engine.Discount{Type: engine.DiscountPercent, Percent: engine.Percent(500 + 100*w.random.Int64N(30))},
		Venues:   engine.VenueSet{IDs: []string{"v-" + id}, Radius: geo.Meters(300 + 1200*w.random.Float64())}, Status: engine.StatusEnabled,
	}
	if w.random.IntN(3) == 0 {
		c.Audience.HomeCountries = []string{"CN"}
	}
	if w.random.IntN(3) == 0 {
		c.Flight.Windows = []engine.Window{{From: 11 * 60, To: 20 * 60}}
	}
	return c
}

// put makes a campaign current, also for decisions.
func (w *town) put(c engine.Campaign) {
	w.tb.Helper()
	_, err := w.service.PutCampaign(w.tb.Context(), w.write(), c)
	w.ok(err)
	position, err := w.store.Position(w.tb.Context())
	w.ok(err)
	w.ok(w.publisher.AwaitVersion(w.tb.Context(), position))
}

// requests are those of a day: of travellers who stay for some days and ask more than once, more of them at the weekend, and in some weeks and on some days
// more than in others.
func (w *town) requests(day int, arrivals float64) []*engine.Request {
	if day%7 == 0 {
		w.week = math.Exp(0.05 * w.random.NormFloat64())
	}
	level := arrivals * w.week * math.Exp(0.08*w.random.NormFloat64()) * []float64{0.8, 0.8, 0.9, 1, 1.2, 1.3, 1.1}[day%7]
	n := int(level)
	if w.random.Float64() < level-float64(n) {
		n++
	}
	var all []*engine.Request
	begin := monday.AddDate(0, 0, day)
	for i := range n {
		user := engine.User{ID: fmt.Sprintf("u-%d-%d", day, i), HomeCountry: []string{"CN", "CN", "SG", "US"}[w.random.IntN(4)], Languages: []string{"zh-Hans", "en"}}
		home := w.sights[w.random.IntN(len(w.sights))]
		for range 1 + int(w.random.ExpFloat64()*2.5) {
			where := home
			if w.random.IntN(2) == 0 {
				where = w.sights[w.random.IntN(len(w.sights))]
			}
			hour := min(max(14+4*w.random.NormFloat64(), 7), 23.9)
			all = append(all, &engine.Request{
				Time: begin.Add(time.Duration(hour * float64(time.Hour))).Truncate(time.Millisecond), User: user,
				Location:   &engine.Location{Position: w.near(where, 350), Accuracy: 20, Type: engine.LocationGPS},
				Placements: []engine.PlacementRequest{{ID: "home", Count: 6}},
			})
		}
	}
	slices.SortStableFunc(all, func(a, b *engine.Request) int { return a.Time.Compare(b.Time) })
	return all
}

func (w *town) decide(r *engine.Request) *engine.Decision {
	w.tb.Helper()
	d, err := w.decider.Decide(w.tb.Context(), r, nil)
	w.ok(err)
	return d
}

// looked says whether a traveller looks at a position, and tapped whether they tap what they see of a campaign there.
func looked(position int) float64 { return 0.9 * math.Pow(0.8, float64(position-1)) }

func (w *town) tapped(campaign string, position int) float64 {
	return min(0.12*w.appeal[campaign]*math.Pow(0.97, float64(position-1)), 1)
}

// live logs some days: decisions as they are made, and what came of them, some of it late, some of it twice.
func (w *town) live(from, until int, arrivals float64) (decisions int) {
	w.tb.Helper()
	for day := from; day < until; day++ {
		var batch []*engine.Decision
		flush := func() {
			if len(batch) > 0 {
				w.now = batch[len(batch)-1].Time
				w.ok(w.store.AppendDecisions(w.tb.Context(), batch))
				batch = nil
			}
		}
		for _, r := range w.requests(day, arrivals) {
			if len(batch) > 0 && (r.Time.Sub(batch[0].Time) > time.Minute || len(batch) == 256) {
				flush()
			}
			d := w.decide(r)
			batch = append(batch, d)
			if !w.forgets {
				w.decided = append(w.decided, d)
			}
			decisions++
			w.look(d)
		}
		flush()
		if w.forgets {
			w.keepEvents()
		}
	}
	w.keepEvents()
	w.now = monday.AddDate(0, 0, until)
	return decisions
}

// look makes the events of a decision.
func (w *town) look(d *engine.Decision) {
	tell := func(o *engine.Offer, kind engine.EventType) {
		late := time.Duration(w.random.ExpFloat64() * float64(30*time.Second))
		if w.random.IntN(50) == 0 {
			late = time.Duration(w.random.Float64() * float64(3*24*time.Hour))
		}
		e := engine.Event{
			ID: engine.UUID7(d.Time, [16]byte(random16(w.random))), Type: kind, Time: d.Time, Received: d.Time.Add(late).Truncate(time.Millisecond), DecisionID: d.ID, Placement: "home",
			Position: o.Position, UserID: d.Request.User.ID, MerchantID: o.MerchantID, CampaignID: o.CampaignID, VenueID: o.Venue.ID,
		}
		w.events = append(w.events, e)
		if w.random.IntN(30) == 0 {
			e.Received = e.Received.Add(time.Hour)
			w.events = append(w.events, e)
		}
	}
	for i := range d.Placements[0].Offers {
		o := &d.Placements[0].Offers[i]
		if w.random.Float64() >= looked(o.Position) {
			continue
		}
		tell(o, engine.EventImpression)
		if w.random.Float64() < w.tapped(o.CampaignID, o.Position) {
			tell(o, engine.EventClick)
		}
		switch w.random.IntN(40) {
		case 0:
			tell(o, engine.EventSave)
		case 1:
			tell(o, engine.EventDismiss)
		}
	}
}

func random16(r *rand.Rand) []byte {
	b := make([]byte, 16)
	_, _ = source{r}.Read(b)
	return b
}

// keepEvents appends the events in the order in which they come in.
func (w *town) keepEvents() {
	w.tb.Helper()
	slices.SortStableFunc(w.events, func(a, b engine.Event) int { return cmp.Compare(a.Received.UnixNano(), b.Received.UnixNano()) })
	for batch := range slices.Chunk(w.events, max(40, len(w.events)/4000)) {
		_, err := w.store.AppendEvents(w.tb.Context(), nil, batch)
		w.ok(err)
	}
	w.events = nil
}

func (w *town) log() *analysis.Log {
	return analysis.NewLog(analysis.Sources{Decisions: w.store, Events: w.store, Accounts: w.store})
}
