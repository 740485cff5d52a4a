package command_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine/client"
	"github.com/sihai-network/sihai/engine/wire"
)

// The server's clock is put a year ahead and back again, and a year back at a new start. All the time decisions are made, recorded and read, events are taken, and
// the ledger keeps its order.
func TestServerWhoseClockIsPutAbout(t *testing.T) {
	dir := t.TempDir()
	var ahead atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	open := func() server {
		env := []string{"SIHAI_BOOTSTRAP_KEY=" + operatorKey, "SIHAI_LOG_LEVEL=warn"}
		r := startBy(t, now, rand.Reader, env, "serve", "--data", dir, "--listen", "127.0.0.1:0")
		return server{r, r.await(t, `serves (http://\S+) on`)[1]}
	}
	s := open()
	if err := sellFew(t.Context(), s.client(), "till"); err != nil {
		t.Fatal(err)
	}
	const year = 365 * 24 * time.Hour
	var decided []string
	var held []wire.Redemption
	for n, at := range []time.Duration{0, year, 0, time.Hour, -time.Hour, -year, 0} {
		ahead.Store(int64(at))
		if n == 5 {
			if ended := s.stop(t); ended.code != 0 {
				t.Fatalf("%+v", ended)
			}
			s = open()
		}
		c := s.client()
		d, err := c.Decide(t.Context(), wire.Request{
			User: &wire.User{ID: fmt.Sprint("u", n)}, Location: &wire.Location{Lat: 25.79, Lon: -80.13}, Placements: []wire.PlacementRequest{{ID: "home", Count: 1}},
		})
		if err != nil || len(d.Placements[0].Offers) != 1 {
			t.Fatalf("%v ahead: %+v, %v", at, d, err)
		}
		decided = append(decided, d.DecisionID)
		if err := c.TakeEvents(t.Context(), wire.Event{Type: "impression", DecisionID: d.DecisionID, OfferID: "few@v-0"}); err != nil {
			t.Fatalf("%v ahead: %v", at, err)
		}
		o := tillOrder("till", fmt.Sprint("u", n), 1000)
		o.DecisionID, o.TTLSeconds = d.DecisionID, 900
		r, err := c.Reserve(t.Context(), o)
		if err != nil {
			t.Fatalf("%v ahead: %v", at, err)
		}
		held = append(held, r)
	}
	c := s.client()
	for _, id := range decided {
		if d, err := c.Decision(t.Context(), id); err != nil || d.DecisionID != id {
			t.Errorf("decision %s: %+v, %v", id, d, err)
		}
	}
	confirmed := 0
	for _, r := range held {
		_, err := c.Confirm(t.Context(), r.ID)
		var p *client.Problem
		if err != nil && (!errors.As(err, &p) || p.Code != "refused") {
			t.Errorf("%s: %v", r.ID, err)
		}
		if err == nil {
			confirmed++
		}
	}
	if confirmed == 0 {
		t.Error("no hold that was made by the right clock can be confirmed")
	}
	page, err := c.Movements(t.Context(), "till", client.Page{Limit: 1000})
	if err != nil || len(page.Data) < len(held)+confirmed {
		t.Fatalf("%d movements, %v", len(page.Data), err)
	}
	for i, m := range page.Data {
		if m.Number != uint64(i+1) {
			t.Fatalf("movement %d is number %d", i+1, m.Number)
		}
	}
	agrees(t, c, "")
}
