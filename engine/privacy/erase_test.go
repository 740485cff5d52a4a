package privacy_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/api/apitest"
	"github.com/sihai-network/sihai/engine/client"
	"github.com/sihai-network/sihai/engine/privacy"
	"github.com/sihai-network/sihai/engine/wire"
	"github.com/sihai-network/sihai/geo"
)

const (
	leaver = "traveller-who-wants-to-be-forgotten"
	stayer = "traveller-who-stays-with-us"
)

var noon = time.Date(2026, 11, 24, 17, 0, 0, 0, time.UTC)

// town is a running server on a folder, with a campaign of which a user may have two uses and three showings a day.
type town struct {
	*client.Client
	world *apitest.World
	dir   string
	clock atomic.Int64 // nanoseconds after noon
}

func (w *town) now() time.Time { return noon.Add(time.Duration(w.clock.Load())) }

func newTown(t *testing.T) *town {
	w := &town{dir: t.TempDir()}
	w.open(t)
	must(t)(w.PutMerchant(t.Context(), wire.Merchant{ID: "m", Name: wire.Text{"en": "M"}}))
	must(t)(w.PutVenue(t.Context(), wire.Venue{ID: "v", MerchantID: "m", Name: wire.Text{"en": "V"}, Lat: 25.7907, Lon: -80.1353, TimeZone: "America/New_York"}))
	percent := 10.0
	must(t)(w.PutCampaign(t.Context(), wire.Campaign{ID: "c", MerchantID: "m", Title: wire.Text{"en": "C"}, Status: "enabled",
		Discount: wire.Discount{Type: "percent", Percent: &percent}, Venues: wire.VenueSet{IDs: []string{"v"}},
		Budgets:       []wire.Budget{{Metric: "redemptions", Limit: 2, Per: "user"}, {Metric: "impressions", Limit: 1000}},
		FrequencyCaps: []wire.FrequencyCap{{Count: 3, Window: "24h"}}}))
	return w
}

func (w *town) open(t *testing.T) {
	t.Helper()
	w.world = apitest.Open(t, apitest.Options{Dir: w.dir, Now: w.now})
	w.Client = client.New(w.world.URL, apitest.OperatorKey, w.world.HTTP)
}

func (w *town) reopen(t *testing.T) {
	t.Helper()
	if err := w.world.Close(); err != nil {
		t.Fatal(err)
	}
	w.open(t)
}

func must(t *testing.T) func(any, error) {
	return func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
}

// decide asks for offers a little way from the venue.
func (w *town) decide(t *testing.T, user string) wire.Decision {
	t.Helper()
	d, err := w.Decide(t.Context(), wire.Request{User: &wire.User{ID: user, HomeCountry: "CN", Attributes: map[string]any{"card": "of " + user}},
		Location: &wire.Location{Lat: 25.79123, Lon: -80.13456, Accuracy: 20}, Explain: "full", Placements: []wire.PlacementRequest{{ID: "home", Count: 3}}})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (w *town) order(user string) wire.Order {
	return wire.Order{OfferID: "c@v", User: &wire.User{ID: user}, Purchase: wire.Money{Amount: 1000, Currency: "USD"}, TTLSeconds: 3600}
}

// visit shows and sells something to a user, and returns what was decided and used.
func (w *town) visit(t *testing.T, user string) (decisions []string, used []wire.Redemption) {
	t.Helper()
	for range 3 {
		d := w.decide(t, user)
		if len(d.Placements[0].Offers) != 1 {
			t.Fatalf("%s is offered %+v", user, d.Placements)
		}
		if err := w.TakeEvents(t.Context(), wire.Event{Type: "impression", DecisionID: d.DecisionID, OfferID: "c@v"}, wire.Event{Type: "click", DecisionID: d.DecisionID, OfferID: "c@v"}); err != nil {
			t.Fatal(err)
		}
		decisions = append(decisions, d.DecisionID)
	}
	r, err := w.Redeem(t.Context(), w.order(user))
	if err != nil {
		t.Fatal(err)
	}
	held, err := w.Reserve(t.Context(), w.order(user))
	if err != nil {
		t.Fatal(err)
	}
	return decisions, []wire.Redemption{r, held}
}

// logged waits until a decision is in the log and not only on its way there.
func (w *town) logged(t *testing.T, id string) *engine.Decision {
	t.Helper()
	for until := time.Now().Add(time.Minute); time.Now().Before(until); time.Sleep(5 * time.Millisecond) {
		if d, err := w.world.Store.Decision(t.Context(), id); err == nil {
			return d
		}
	}
	t.Fatalf("decision %s is not logged", id)
	return nil
}

func (w *town) events(t *testing.T) (all []engine.Event) {
	t.Helper()
	err := w.world.Store.EachEvent(t.Context(), time.Time{}, func(e engine.Event) error { all = append(all, e); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func (w *town) filesWith(t *testing.T, text string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(w.dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		if bytes.Contains(data, []byte(text)) {
			names = append(names, filepath.Base(name))
		}
		return err
	})
	must(t)(nil, err)
	return names
}

// TestErasure erases one of two users: of that one no file and no answer tells, the other one is as before, and the merchant's numbers are too.
func TestErasure(t *testing.T) {
	w := newTown(t)
	gone, used := w.visit(t, leaver)
	kept, _ := w.visit(t, stayer)
	for _, id := range append(gone, kept...) {
		w.logged(t, id)
	}
	before, events := w.logged(t, kept[0]), w.events(t)
	if found := w.filesWith(t, leaver); len(found) == 0 {
		t.Fatal("the user is in no file before")
	}
	capped := w.decide(t, leaver)
	if len(capped.Placements[0].Offers) != 0 {
		t.Fatal("the cap on showings does not hold before")
	}
	w.logged(t, capped.DecisionID) // it is written behind the answer, and this sweep waits for nothing
	e, err := w.EraseUser(t.Context(), leaver)
	if err != nil || e.State != "pending" {
		t.Fatal(e, err)
	}
	if again, err := w.EraseUser(t.Context(), leaver); err != nil || again.ID != e.ID {
		t.Errorf("asked again: %+v %v", again, err)
	}
	must(t)(nil, w.world.Sweeper.Sweep(t.Context()))
	if e, err = w.Erasure(t.Context(), e.ID); err != nil || e.State != "done" || e.Decisions < 4 || e.Events != 6 || e.Redemptions != 2 || e.FinishedAt == "" {
		t.Errorf("%+v %v", e, err)
	}
	for _, restarted := range []bool{false, true} {
		if restarted {
			w.reopen(t)
		}
		if found := w.filesWith(t, leaver); len(found) > 0 {
			t.Errorf("restarted %v: the user is in %v", restarted, found)
		}
		if found := w.filesWith(t, stayer); len(found) == 0 {
			t.Error("the other user is in no file")
		}
		w.checkErased(t, gone, used, events)
		if d := w.logged(t, kept[0]); !reflect.DeepEqual(d, before) {
			t.Errorf("the decision of another user has changed: %+v", d)
		}
	}
	w.checkForgotten(t)
	// What was held is let go, what was used is undone, and both come back to the user's own limit.
	if _, err := w.Redeem(t.Context(), w.order(leaver)); !refused(err) {
		t.Errorf("the limit of the user does not hold: %v", err)
	}
	must(t)(w.Release(t.Context(), used[1].ID))
	must(t)(w.Redeem(t.Context(), w.order(leaver)))
	if _, err := w.Redeem(t.Context(), w.order(leaver)); !refused(err) {
		t.Errorf("the limit of the user does not hold after one use was let go: %v", err)
	}
	must(t)(w.Rollback(t.Context(), used[0].ID, nil))
	must(t)(w.Redeem(t.Context(), w.order(leaver)))
	if a, err := w.Audit(t.Context(), ""); err != nil || len(a.Faults) > 0 {
		t.Errorf("%+v %v", a, err)
	}
	if e, err := w.EraseUser(t.Context(), leaver); err != nil || e.State != "pending" {
		t.Errorf("a new history cannot be erased: %+v %v", e, err)
	}
}

func refused(err error) bool {
	var p *client.Problem
	return errors.As(err, &p) && p.Code == "refused"
}

func (w *town) checkErased(t *testing.T, decisions []string, used []wire.Redemption, events []engine.Event) {
	t.Helper()
	for _, id := range decisions {
		d := w.logged(t, id)
		u, l := &d.Request.User, d.Request.Location
		if u.ID != "" || u.Attributes != nil || u.HomeCountry != "CN" || len(d.Placements[0].Offers) != 1 || d.Placements[0].Offers[0].CampaignID != "c" {
			t.Errorf("%+v", d)
		}
		if exact := (geo.LatLng{Lat: 25.79123, Lng: -80.13456}); l.Position == exact || l.Position != geo.Coarse(exact) || d.Placements[0].Offers[0].Distance != 0 {
			t.Errorf("its position is %+v", l)
		}
	}
	for _, r := range used {
		got, err := w.Redemption(t.Context(), r.ID)
		if err != nil || got.UserID != engine.ErasedUser(leaver) || got.Discount != r.Discount || got.Status != r.Status {
			t.Errorf("%+v %v", got, err)
		}
	}
	now := w.events(t)
	if len(now) != len(events) {
		t.Fatalf("%d events of %d", len(now), len(events))
	}
	for i := range events {
		want := events[i]
		if want.UserID == leaver {
			want.UserID = ""
		}
		if !reflect.DeepEqual(now[i], want) {
			t.Errorf("event %d is %+v, want %+v", i, now[i], want)
		}
	}
	if a, err := w.Audit(t.Context(), ""); err != nil || len(a.Faults) > 0 || a.Movements != 4 {
		t.Errorf("%+v %v", a, err)
	}
}

// checkForgotten asks for offers: what the user has used counts, and what the user has seen does not.
func (w *town) checkForgotten(t *testing.T) {
	t.Helper()
	if d := w.decide(t, leaver); len(d.Placements[0].Offers) != 0 || !strings.Contains(fmt.Sprint(d.Placements[0].Rejected), "user_limit_reached") || strings.Contains(fmt.Sprint(d.Placements[0].Rejected), "frequency_capped") {
		t.Errorf("counts of showings are there, or those of uses are not: %+v", d.Placements[0].Rejected)
	}
}

// TestErasureForgetsWhatIsInMemory asks for offers without a new start after the erasure, and with one after further showings.
func TestErasureForgetsWhatIsInMemory(t *testing.T) {
	w := newTown(t)
	w.visit(t, leaver)
	must(t)(w.EraseUser(t.Context(), leaver))
	must(t)(nil, w.world.Sweeper.Sweep(t.Context()))
	w.checkForgotten(t)
	w.reopen(t)
	w.checkForgotten(t)
}

// TestNobodyIsCalledErased holds that no request can name what stands for an erased user.
func TestNobodyIsCalledErased(t *testing.T) {
	w := newTown(t)
	stand := engine.ErasedUser(leaver)
	if engine.UserHash(stand) != engine.UserHash(leaver) || engine.ErasedUser(stand) != stand || engine.ErasedUser("") != "" {
		t.Error("it counts elsewhere")
	}
	_, err := w.Redeem(t.Context(), w.order(stand))
	var p *client.Problem
	if !errors.As(err, &p) || p.Status != http.StatusUnprocessableEntity || p.Errors[0].Path != "user.id" {
		t.Errorf("%v", err)
	}
	if _, err := w.EraseUser(t.Context(), stand); !errors.As(err, &p) || p.Status != http.StatusUnprocessableEntity {
		t.Errorf("%v", err)
	}
}

// stopping is a store that stops after some calls that change something, as a process does.
type stopping struct {
	engine.Histories
	left int
}

var errStopped = errors.New("the process has ended")

func (s *stopping) stop() error {
	if s.left--; s.left < 0 {
		return errStopped
	}
	return nil
}

func (s *stopping) ChangeDecisions(ctx context.Context, after engine.LogPlace, before time.Time, limit int, change func(*engine.Decision) bool) (engine.LogPlace, bool, error) {
	if err := s.stop(); err != nil {
		return after, false, err
	}
	return s.Histories.ChangeDecisions(ctx, after, before, limit, change)
}

func (s *stopping) ChangeEvents(ctx context.Context, after engine.LogPlace, before time.Time, limit int, change func(*engine.Event) bool) (engine.LogPlace, bool, error) {
	if err := s.stop(); err != nil {
		return after, false, err
	}
	return s.Histories.ChangeEvents(ctx, after, before, limit, change)
}

func (s *stopping) ChangeRedemptions(ctx context.Context, c engine.CampaignRef, change func(*engine.Redemption) bool) error {
	return errors.Join(s.stop(), s.Histories.ChangeRedemptions(ctx, c, change), s.stop())
}

func (s *stopping) PutErasure(ctx context.Context, e *engine.Erasure) error {
	if err := s.stop(); err != nil {
		return err
	}
	return s.Histories.PutErasure(ctx, e)
}

func (s *stopping) PutSweepMark(ctx context.Context, name string, m *engine.SweepMark) error {
	if err := s.stop(); err != nil {
		return err
	}
	return s.Histories.PutSweepMark(ctx, name, m)
}

func (s *stopping) Purge(ctx context.Context) error {
	if err := s.stop(); err != nil {
		return err
	}
	return s.Histories.Purge(ctx)
}

// TestErasureThatStopsAnywhereGoesOn stops an erasure after more and more of its steps, and lets a new sweeper go on, until one comes to its end without a stop. The steps grow
// a little with what is there, so that each stop is some steps after the one before.
func TestErasureThatStopsAnywhereGoesOn(t *testing.T) {
	w := newTown(t)
	stops := 0
	for n := 0; ; n += 3 {
		user := fmt.Sprint(leaver, "-", n)
		decisions, used := w.visit(t, user)
		for _, id := range decisions {
			w.logged(t, id)
		}
		e, err := w.EraseUser(t.Context(), user)
		if err != nil {
			t.Fatal(err)
		}
		err = w.sweeper(t, &stopping{w.world.Store, n}).Sweep(t.Context())
		stopped := errors.Is(err, errStopped)
		if stopped {
			stops++
			err = w.sweeper(t, w.world.Store).Sweep(t.Context())
		}
		must(t)(nil, err)
		if got, err := w.Erasure(t.Context(), e.ID); err != nil || got.State != "done" {
			t.Fatalf("stopped after %d: %+v %v", n, got, err)
		}
		for _, id := range decisions {
			if d := w.logged(t, id); d.Request.User.ID != "" {
				t.Fatalf("stopped after %d: %+v", n, d.Request.User)
			}
		}
		for _, r := range used {
			if got, err := w.Redemption(t.Context(), r.ID); err != nil || !engine.IsErased(got.UserID) {
				t.Fatalf("stopped after %d: %+v %v", n, got, err)
			}
		}
		for _, v := range w.events(t) {
			if v.UserID == user {
				t.Fatalf("stopped after %d: %+v", n, v)
			}
		}
		if !stopped { // it came to its end without one
			break
		}
	}
	if stops < 6 {
		t.Errorf("only %d stops", stops)
	}
	if found := w.filesWith(t, leaver); len(found) > 0 {
		t.Errorf("in %v", found)
	}
}

func (w *town) sweeper(t *testing.T, h engine.Histories) *privacy.Sweeper {
	t.Helper()
	s, err := privacy.Open(privacy.Options{Histories: h, IDs: engine.IDs{Random: rand.Reader}, Now: w.now, Positions: 7 * 24 * time.Hour, Settle: -1, Pause: -1})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
