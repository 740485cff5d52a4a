package ledger_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/ledger"
	"github.com/sihai-network/sihai/geo"
	"github.com/sihai-network/sihai/store"
)

// shop is a book on a store, with campaigns of merchant m at venues v0, v1 … in New York.
type shop struct {
	*ledger.Book
	t     testing.TB
	dir   string
	store *store.DB
	meter *ledger.Meter
	clock *atomic.Int64 // nanoseconds after noon
	offer shelf
}

// shelf is a snapshot that tests put together, and rules under which everything holds.
type shelf struct {
	mu        sync.Mutex
	snap      *engine.Snapshot
	decisions decisions
	zones     zones
	refuse    func(*engine.Request) []engine.Reason
}

func (s *shelf) Snapshot() *engine.Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.snap
}
func (s *shelf) AwaitVersion(context.Context, uint64) error { return nil }
func (s *shelf) CheckOffer(dst []engine.Reason, _ *engine.Snapshot, r *engine.Request, _ *engine.Listing, _ int) []engine.Reason {
	if s.refuse != nil {
		dst = append(dst, s.refuse(r)...)
	}
	return dst
}
func (s *shelf) NextOpening(_ *engine.Listing, _ int, at time.Time) (time.Time, bool) {
	if up := at.Truncate(time.Minute); up.Before(at) {
		return up.Add(time.Minute), true
	}
	return at, true
}
func (s *shelf) Decision(ctx context.Context, id string) (*engine.Decision, error) {
	return s.decisions.Decision(ctx, id)
}

// newShop opens a shop in a folder, or in memory, that sells what campaigns say.
func newShop(t testing.TB, dir string, campaigns ...engine.Campaign) *shop {
	t.Helper()
	s := &shop{t: t, dir: dir, clock: new(atomic.Int64)}
	s.offer.decisions = decisions{}
	s.sell(campaigns...)
	s.open()
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// sell puts up campaigns in the place of those before.
func (s *shop) sell(campaigns ...engine.Campaign) {
	rates := map[string]engine.Rate{"USD": {Mantissa: 125, Scale: 2}, "JPY": {Mantissa: 1605, Scale: 1}}
	snap := &engine.Snapshot{Version: uint64(time.Now().UnixNano()), Rates: engine.Rates{
		{Date: engine.Date{Year: 2020, Month: 1, Day: 2}, Rates: rates}, {Date: engine.Date{Year: 2026, Month: 11, Day: 23}, Rates: rates},
	}}
	zone := zone(s.t, "America/New_York")
	var sites []*engine.Site
	for i := range 3 {
		site := engine.NewSite(&engine.Venue{ID: fmt.Sprint("v", i), MerchantID: "m", Currency: "USD", Position: geo.LatLng{Lat: 25.79, Lng: -80.13}})
		site.Zone = zone
		sites = append(sites, site)
	}
	at := make([][]engine.Placing, len(sites))
	for i := range campaigns {
		c := campaigns[i]
		c.MerchantID, c.Status = "m", engine.StatusEnabled
		if c.Discount.Type == "" {
			c.Discount = engine.Discount{Type: engine.DiscountPercent, Percent: 1000}
		}
		l := &engine.Listing{Terms: engine.NewTerms(&c), Merchant: &engine.Merchant{ID: "m"}, Sites: sites}
		for j := range sites {
			at[j] = append(at[j], engine.Placing{Listing: l, Site: j})
		}
	}
	residents := map[uint32]engine.Resident{}
	for i, site := range sites {
		slices.SortFunc(at[i], func(a, b engine.Placing) int { return compare(a.Listing.ID, b.Listing.ID) })
		residents[uint32(i)] = engine.Resident{Site: site, At: at[i]}
	}
	snap.Residents, snap.Listings = snap.Residents.With(residents), len(campaigns)
	s.offer.mu.Lock()
	s.offer.snap = snap
	s.offer.mu.Unlock()
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func (s *shop) now() time.Time { return noon.Add(time.Duration(s.clock.Load())) }

func (s *shop) pass(d time.Duration) { s.clock.Add(int64(d)) }

func (s *shop) open() {
	s.t.Helper()
	s.store = openStore(s.t, s.dir)
	s.meter = ledger.NewMeter(s.offer.zones)
	var err error
	s.Book, err = ledger.OpenBook(context.Background(), ledger.BookOptions{
		Accounts: s.store, Purchases: s.store, Keys: s.store, Snapshots: &s.offer, Rules: &s.offer, Decisions: &s.offer, Meter: s.meter, IDs: engine.IDs{Random: rand.Reader}, Now: s.now, SweepEvery: -1,
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// reopen closes everything and opens it again.
func (s *shop) reopen() {
	s.t.Helper()
	if err := errors.Join(s.Close(), s.store.Close()); err != nil {
		s.t.Fatal(err)
	}
	s.open()
}

func (s *shop) write() engine.Write { return engine.Write{At: s.now(), By: "key_1"} }

// once is a write with an idempotency key.
func (s *shop) once(key string, body byte) engine.Write {
	w := s.write()
	w.Once = &engine.Once{Caller: "key_1", Key: key, Fingerprint: [32]byte{body}}
	return w
}

func usd(amount int64) engine.Money { return engine.Money{Amount: amount, Currency: "USD"} }

// order buys for so much at venue v0.
func order(campaign, user string, amount int64) *engine.Order {
	return &engine.Order{CampaignID: campaign, VenueID: "v0", User: engine.User{ID: user}, Purchase: usd(amount)}
}

func (s *shop) redeem(o *engine.Order) engine.Redemption {
	s.t.Helper()
	r, err := s.Redeem(context.Background(), s.write(), o)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

func (s *shop) reserve(o *engine.Order) engine.Redemption {
	s.t.Helper()
	r, err := s.Reserve(context.Background(), s.write(), o)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// refusedWith lists the reasons of a refusal; empty for anything else.
func refusedWith(err error) string {
	var r *engine.Refusal
	if !errors.As(err, &r) {
		return ""
	}
	return codes(r.Reasons)
}

// wantRefusal fails the test unless an order was refused for just these reasons.
func (s *shop) wantRefusal(err error, want ...engine.ReasonCode) {
	s.t.Helper()
	var list []int
	for _, c := range want {
		list = append(list, int(c))
	}
	if got := refusedWith(err); got != fmt.Sprint(list) {
		s.t.Errorf("refused with %s (%v), want %v", got, err, list)
	}
}

// verify fails the test unless the accounts agree with their movements.
func (s *shop) verify() engine.Audit {
	s.t.Helper()
	audit, err := s.VerifyAccounts(context.Background(), "")
	if err != nil || len(audit.Faults) > 0 {
		s.t.Fatalf("%v: %v", err, audit.Faults)
	}
	return audit
}
