package decision_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/catalog"
	"github.com/sihai-network/sihai/engine/decision"
	"github.com/sihai-network/sihai/geo"
	"github.com/sihai-network/sihai/store"
	"github.com/sihai-network/sihai/store/badgerkv"
)

// TestMixedLoad asks for offers from two goroutines while campaigns are changed one by one, disabled and enabled again, and 10,000 at a time are uploaded, on
// a store on disk. Every answer taken is decided again by looking at every fence of the very snapshot that it names, and must be the same; a campaign that was
// disabled is in no answer that was asked for once it was known to be; and with SIHAI_LONG=1, which goes on for ten minutes, memory has not grown in the end.
func TestMixedLoad(t *testing.T) {
	m := mixedLoad{campaigns: 4_000, bulk: 500, duration: 3 * time.Second}
	if os.Getenv("SIHAI_LONG") == "1" {
		m.campaigns, m.bulk, m.duration = 30_000, 10_000, 10*time.Minute
	}
	m.open(t)
	half := m.duration / 2
	m.run(t, half)
	before := m.settle(t)
	m.run(t, half)
	after := m.settle(t)
	t.Logf("%d decisions, %d of them decided again; %d single publications, %d of them disables or enables; %d uploads of %d; live heap %d and then %d MiB",
		m.asked.Load(), m.checked.Load(), m.singles.Load(), m.switched.Load(), m.uploads.Load(), m.bulk, before>>20, after>>20)
	if m.checked.Load() == 0 || m.switched.Load() == 0 || m.uploads.Load() == 0 {
		t.Error("a part of the load did not run")
	}
	if os.Getenv("SIHAI_LONG") == "1" && after > before+before/20+(8<<20) {
		t.Errorf("memory grew from %d to %d MiB", before>>20, after>>20)
	}
}

// mixedLoad is a store with all that works on it.
type mixedLoad struct {
	campaigns, bulk int
	duration        time.Duration

	db        *store.DB
	catalog   *catalog.Service
	publisher *catalog.Publisher
	recorded  *recorded
	decider   *decision.Service
	options   decision.Options
	world     *world
	quarters  []quarter

	asked, checked, singles, switched, uploads atomic.Int64
	hidden                                     sync.Map // which time they were hidden, by the IDs of campaigns that no answer may hold now
}

// recorded gives the snapshots of a publisher, and remembers the last ones by their version.
type recorded struct {
	*catalog.Publisher
	mu   sync.Mutex // guards last
	last map[uint64]*engine.Snapshot
}

func (r *recorded) Snapshot() *engine.Snapshot {
	s := r.Publisher.Snapshot()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last[s.Version] == nil {
		if len(r.last) > 64 {
			clear(r.last)
		}
		r.last[s.Version] = s
	}
	return s
}

func (r *recorded) of(version uint64) *engine.Snapshot {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last[version]
}

// rowsOf yields some rows.
type rowsOf struct{ rows []engine.ImportRow }

func (r *rowsOf) Next() (engine.ImportRow, error) {
	if len(r.rows) == 0 {
		return engine.ImportRow{}, io.EOF
	}
	row := r.rows[0]
	r.rows = r.rows[1:]
	return row, nil
}

// steadyRandom is randomness for several goroutines.
type steadyRandom struct {
	mu sync.Mutex
	r  io.Reader
}

func (s *steadyRandom) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.r.Read(p)
}

type newYork struct{}

func (newYork) Zone(geo.LatLng) (string, error) { return "America/New_York", nil }

func (m *mixedLoad) write() engine.Write { return engine.Write{At: noon.Add(-time.Hour), By: "cli"} }

// open fills a store with the world and opens everything on it.
func (m *mixedLoad) open(t *testing.T) {
	disk, err := badgerkv.Open(badgerkv.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if m.db, err = store.Open(t.Context(), disk, store.Options{}); err != nil {
		t.Fatal(err)
	}
	random := &steadyRandom{r: rand.NewChaCha8([32]byte{3})}
	m.catalog = catalog.New(catalog.Options{Store: m.db, Zones: newYork{}, Random: random})
	m.world, m.quarters = benchCatalog(m.campaigns, 2)
	for _, v := range m.world.venues {
		v.MerchantID = "m"
	}
	for _, c := range m.world.campaigns {
		c.MerchantID = "m"
	}
	for _, id := range []string{"m", "bulk"} {
		if _, err := m.catalog.PutMerchant(t.Context(), m.write(), engine.Merchant{ID: id, Name: engine.Text{"en": id}}); err != nil {
			t.Fatal(err)
		}
	}
	m.fill(t)
	publisher, err := catalog.OpenPublisher(t.Context(), catalog.PublisherOptions{Store: m.db, Packer: store.Packer{}})
	if err != nil {
		t.Fatal(err)
	}
	m.publisher, m.recorded = publisher, &recorded{Publisher: publisher, last: make(map[uint64]*engine.Snapshot)}
	m.options = decision.Options{Snapshots: m.recorded, Log: m.db, IDs: engine.IDs{Random: random}}
	if m.decider, err = decision.New(m.options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(m.decider.Close(), publisher.Close(), m.db.Close()); err != nil {
			t.Error(err)
		}
	})
}

func (m *mixedLoad) fill(t *testing.T) {
	var venues, campaigns []engine.ImportRow
	for i, v := range m.world.venues {
		venues = append(venues, engine.ImportRow{Row: i + 1, Venue: v})
	}
	for i, c := range m.world.campaigns {
		campaigns = append(campaigns, engine.ImportRow{Row: i + 1, Campaign: c})
	}
	m.load(t, "m", engine.ImportVenues, venues)
	m.load(t, "m", engine.ImportCampaigns, campaigns)
	var bulk []engine.ImportRow
	for i := range 50 {
		v := *m.world.venues[i]
		v.MerchantID = "bulk"
		bulk = append(bulk, engine.ImportRow{Row: i + 1, Venue: &v})
	}
	m.load(t, "bulk", engine.ImportVenues, bulk)
}

func (m *mixedLoad) load(t *testing.T, merchant string, kind engine.ImportKind, rows []engine.ImportRow) {
	report, err := m.catalog.RunImport(context.WithoutCancel(t.Context()), m.write(), engine.Import{ImportID: engine.ImportID{MerchantID: merchant}, Kind: kind}, &rowsOf{rows}, nil)
	if err != nil || report.State != engine.ImportDone {
		t.Errorf("load %d %s: %v, %s, %v", len(rows), kind, err, report.State, report.Faults)
	}
}

// run keeps everybody busy for a time.
func (m *mixedLoad) run(t *testing.T, d time.Duration) {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	var working sync.WaitGroup
	for n := range 2 {
		working.Go(func() { m.ask(ctx, t, rand.New(rand.NewPCG(uint64(n), 1))) })
	}
	working.Go(func() { m.publish(ctx, t, rand.New(rand.NewPCG(3, 1))) })
	working.Go(func() { m.toggle(ctx, t, rand.New(rand.NewPCG(4, 1))) })
	working.Go(func() { m.upload(ctx, t) })
	working.Wait()
}

// ask asks at places of every kind, and decides some of the answers again.
func (m *mixedLoad) ask(ctx context.Context, t *testing.T, dice *rand.Rand) {
	for n := 0; ctx.Err() == nil && !t.Failed(); n++ {
		q := &m.quarters[dice.IntN(len(m.quarters))]
		r := q.requests(geo.Meters(35 * dice.IntN(2)))[dice.IntN(64)]
		r.Radius = geo.Meters(200 * dice.IntN(3))
		hidden := make(map[any]any)
		m.hidden.Range(func(id, since any) bool { hidden[id] = since; return true })
		d, err := m.decider.Decide(ctx, r, nil)
		if err != nil {
			if ctx.Err() == nil {
				t.Errorf("decide: %v", err)
			}
			return
		}
		m.asked.Add(1)
		for _, o := range d.Placements[0].Offers {
			if since, ok := m.hidden.Load(o.CampaignID); ok && since == hidden[o.CampaignID] {
				t.Errorf("version %d offers %s, which was disabled before it was asked", d.CatalogVersion, o.ID)
			}
		}
		if n%8 == 0 {
			m.again(t, d)
		}
	}
}

// again decides the request of a decision on the snapshot that it names, in the slowest way.
func (m *mixedLoad) again(t *testing.T, d *engine.Decision) {
	snap := m.recorded.of(d.CatalogVersion)
	if snap == nil {
		return // forgotten since
	}
	want, err := decision.DecideNaively(m.options, snap, d.Request, d.ID)
	if err != nil {
		t.Error(err)
		return
	}
	m.checked.Add(1)
	if !reflect.DeepEqual(plainOffers(d), plainOffers(want)) {
		t.Errorf("version %d at %v: got %v\nwant %v", d.CatalogVersion, d.Request.Location.Position, plainOffers(d), plainOffers(want))
	}
}

// plainOffers tells all that an answer offers.
func plainOffers(d *engine.Decision) (out []string) {
	for _, o := range d.Placements[0].Offers {
		saving := ""
		if o.Saving != nil {
			saving = fmt.Sprint(*o.Saving)
		}
		out = append(out, fmt.Sprintf("%d %s %q %s %v %v %v %s %v %v", o.Position, o.ID, o.Title, o.Language, o.Score, o.InsideProbability, o.Match, saving, o.EndsAt, o.Features))
	}
	return out
}

// publish changes campaigns one by one: what they take off, and now and then where they hold.
func (m *mixedLoad) publish(ctx context.Context, t *testing.T, dice *rand.Rand) {
	for ctx.Err() == nil && !t.Failed() {
		c := *m.world.campaigns[2*dice.IntN(len(m.world.campaigns)/2)] // the others are toggle's
		c.Discount.Percent = engine.Percent(100 * (1 + dice.IntN(60)))
		if dice.IntN(3) == 0 {
			c.Geofences = []engine.Geofence{circle(100*dice.NormFloat64(), geo.Meters(100+dice.IntN(900)))}
		}
		if _, err := m.catalog.PutCampaign(context.WithoutCancel(ctx), m.write(), c); err != nil {
			t.Errorf("put campaign: %v", err)
			return
		}
		m.singles.Add(1)
	}
}

// toggle disables a campaign, waits until that is published, lets it be for a moment in which no answer may hold it, and enables it again.
func (m *mixedLoad) toggle(ctx context.Context, t *testing.T, dice *rand.Rand) {
	for n := 1; ctx.Err() == nil && !t.Failed(); n++ {
		id := m.world.campaigns[2*dice.IntN(1_600)+1].ID // at the quarters where most is asked
		for _, status := range []engine.Status{engine.StatusDisabled, engine.StatusEnabled} {
			m.hidden.Delete(id)
			if _, err := m.catalog.SetStatus(context.WithoutCancel(ctx), m.write(), "m", id, status); err != nil {
				t.Errorf("set status: %v", err)
				return
			}
			if err := m.visible(ctx); err != nil {
				return
			}
			if status == engine.StatusDisabled {
				m.hidden.Store(id, n)
				time.Sleep(time.Millisecond)
				m.hidden.Delete(id)
			}
			m.singles.Add(1)
			m.switched.Add(1)
		}
	}
}

// visible returns when everything that is stored is published.
func (m *mixedLoad) visible(ctx context.Context) error {
	head, err := m.db.Position(ctx)
	if err != nil {
		return err
	}
	return m.publisher.AwaitVersion(ctx, head)
}

// upload imports many campaigns again and again, each time with another discount.
func (m *mixedLoad) upload(ctx context.Context, t *testing.T) {
	for n := 1; ctx.Err() == nil && !t.Failed(); n++ {
		rows := make([]engine.ImportRow, m.bulk)
		for i := range rows {
			c := *m.world.campaigns[i%50]
			c.ID, c.MerchantID, c.Geofences = fmt.Sprintf("b%d", i), "bulk", nil
			c.Discount.Percent = engine.Percent(1 + (n*37+i)%9_000)
			c.Venues.Radius = geo.Meters(300 + (n+i)%200)
			rows[i] = engine.ImportRow{Row: i + 1, Campaign: &c}
		}
		m.load(t, "bulk", engine.ImportCampaigns, rows)
		m.uploads.Add(1)
	}
}

// settle waits until everything is published, compares what the publisher has built step by step with what another one builds of the store at once,
// and returns the live heap.
func (m *mixedLoad) settle(t *testing.T) uint64 {
	if err := m.visible(t.Context()); err != nil {
		t.Fatal(err)
	}
	fresh, err := catalog.OpenPublisher(t.Context(), catalog.PublisherOptions{Store: m.db, Packer: store.Packer{}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range m.quarters {
		for _, r := range m.quarters[i].requests(35)[:16] {
			r.Radius = 300
			d, err := m.decider.Decide(t.Context(), r, nil)
			if err != nil {
				t.Fatal(err)
			}
			want, err := decision.DecideNaively(m.options, fresh.Snapshot(), r, d.ID)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(plainOffers(d), plainOffers(want)) {
				t.Errorf("built step by step: %v\nat once: %v", plainOffers(d), plainOffers(want))
			}
		}
	}
	if err := fresh.Close(); err != nil {
		t.Error(err)
	}
	m.recorded.mu.Lock()
	clear(m.recorded.last)
	m.recorded.mu.Unlock()
	return calmHeap()
}

// calmHeap is the live heap without what the store holds for a while: a memory table on its way to disk, and the buffers of a merge, come and go with hundreds of megabytes. It is
// the least of some looks, one a second.
func calmHeap() uint64 {
	looks := 1
	if os.Getenv("SIHAI_LONG") == "1" {
		looks = 20
	}
	least := uint64(math.MaxUint64)
	for range looks {
		runtime.GC()
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		if least = min(least, stats.HeapAlloc); looks > 1 {
			time.Sleep(time.Second)
		}
	}
	return least
}
