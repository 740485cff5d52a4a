package catalog_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/catalog"
	"github.com/sihai-network/sihai/geo"
	"github.com/sihai-network/sihai/store"
	"github.com/sihai-network/sihai/store/badgerkv"
)

// noon is when everything in these tests is written.
var noon = time.Date(2026, 11, 14, 12, 0, 0, 0, time.UTC)

var miami = geo.LatLng{Lat: 25.7617, Lng: -80.1918}

// floridaZones answers like the real zones for the places of these tests, without loading the earth.
type floridaZones struct{}

func (floridaZones) Zone(p geo.LatLng) (string, error) {
	if p.Lng < -85 {
		return "", fmt.Errorf("find zone: %w", catalog.ErrNoZone)
	}
	return "America/New_York", nil
}

// openStore opens an empty store that is closed with the test.
func openStore(t testing.TB) engine.Store {
	t.Helper()
	files, err := badgerkv.Open(badgerkv.Options{InMemory: true})
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(context.Background(), files, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func newService(db engine.Store) *catalog.Service {
	return catalog.New(catalog.Options{
		Store: db, Zones: floridaZones{}, Random: &lockedRandom{r: rand.NewChaCha8([32]byte{1})},
		Now: func() time.Time { return noon.Add(time.Minute) },
	})
}

// lockedRandom is randomness from a fixed seed for several goroutines.
type lockedRandom struct {
	mu sync.Mutex
	r  io.Reader
}

func (l *lockedRandom) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.r.Read(p)
}

func write() engine.Write { return engine.Write{At: noon, By: "cli"} }

// house is a store with a service, and merchants that have venues.
type house struct {
	db      engine.Store
	service *catalog.Service
}

// newHouse makes merchants, each with venues v-0, v-1 … some hundred metres apart.
func newHouse(t testing.TB, venues int, merchants ...string) house {
	t.Helper()
	db := openStore(t)
	h := house{db, newService(db)}
	for _, m := range merchants {
		if _, err := h.service.PutMerchant(t.Context(), write(), merchant(m)); err != nil {
			t.Fatal(err)
		}
		for i := range venues {
			if _, err := h.service.PutVenue(t.Context(), write(), venue(m, fmt.Sprintf("v-%d", i), i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return h
}

func merchant(id string) engine.Merchant {
	return engine.Merchant{ID: id, Name: engine.Text{"en": "Merchant " + id}}
}

func venue(merchant, id string, i int) engine.Venue {
	return engine.Venue{
		ID: id, MerchantID: merchant, Name: engine.Text{"en": "Venue " + id},
		Position: geo.LatLng{Lat: miami.Lat + float64(i%50)*0.004, Lng: miami.Lng + float64(i/50)*0.004},
		Category: "5812", Currency: "USD", TimeZone: "America/New_York",
	}
}

func campaign(merchant, id string, venues ...string) engine.Campaign {
	return engine.Campaign{
		ID: id, MerchantID: merchant, Title: engine.Text{"en": "15% off", "zh-Hans": "八五折"},
		Discount: engine.Discount{Type: engine.DiscountPercent, Percent: 1500},
		Venues:   engine.VenueSet{IDs: venues}, Status: engine.StatusEnabled,
	}
}

func circle(p geo.LatLng, radius geo.Meters) engine.Geofence {
	return engine.Geofence{Circle: &engine.Circle{Center: p, Radius: radius}}
}

// openPublisher opens a publisher that is closed with the test, before the store. Its log is returned.
func openPublisher(t testing.TB, db engine.Store) (*catalog.Publisher, *logBuffer) {
	t.Helper()
	log := new(logBuffer)
	p, err := catalog.OpenPublisher(context.Background(), catalog.PublisherOptions{Store: db, Packer: store.Packer{}, Logger: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p, log
}

type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// settle waits until everything written so far is published, and returns that snapshot.
func settle(t testing.TB, db engine.Store, p *catalog.Publisher) *engine.Snapshot {
	t.Helper()
	head, err := db.Position(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := p.AwaitVersion(t.Context(), head); err != nil {
		t.Fatal(err)
	}
	return p.Snapshot()
}

// told lists faults as "path code".
func told(faults engine.Faults) []string {
	var out []string
	for _, f := range faults {
		out = append(out, f.Path+" "+f.Code)
	}
	return out
}

// rowsTold lists the faults of an upload as "row column code".
func rowsTold(i engine.Import) []string {
	var out []string
	for _, f := range i.Faults {
		out = append(out, fmt.Sprintf("%d %s %s", f.Row, f.Column, f.Code))
	}
	return out
}

// sliceReader yields rows, and then an error of its own or the end.
type sliceReader struct {
	rows []engine.ImportRow
	err  error
}

func (r *sliceReader) Next() (engine.ImportRow, error) {
	if len(r.rows) == 0 {
		if r.err != nil {
			return engine.ImportRow{}, r.err
		}
		return engine.ImportRow{}, io.EOF
	}
	row := r.rows[0]
	r.rows = r.rows[1:]
	return row, nil
}

func campaignRows(campaigns ...engine.Campaign) *sliceReader {
	r := new(sliceReader)
	for i, c := range campaigns {
		r.rows = append(r.rows, engine.ImportRow{Row: i + 1, Campaign: &c})
	}
	return r
}

func venueRows(venues ...engine.Venue) *sliceReader {
	r := new(sliceReader)
	for i, v := range venues {
		r.rows = append(r.rows, engine.ImportRow{Row: i + 1, Venue: &v})
	}
	return r
}

func mustEqual(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}
