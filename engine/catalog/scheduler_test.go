package catalog_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/catalog"
)

// TestSchedulerLooksAtTheClock stages a change while a scheduler runs, moves the clock to its moment, and waits for what that does to the store; then it closes the scheduler, and
// another one makes what came due in between before it has opened.
func TestSchedulerLooksAtTheClock(t *testing.T) {
	h := newHouse(t, 1, "m")
	c, err := h.service.PutCampaign(t.Context(), write(), campaign("m", "c", "v-0"))
	if err != nil {
		t.Fatal(err)
	}
	var passed atomic.Int64
	now := func() time.Time { return noon.Add(time.Duration(passed.Load())) }
	open := func(s *catalog.Service) *catalog.Scheduler {
		t.Helper()
		opened, err := catalog.OpenScheduler(t.Context(), catalog.SchedulerOptions{Service: s, Now: now, Every: time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		return opened
	}
	stage := func(after time.Duration, status engine.Status) {
		t.Helper()
		_, err := h.service.StageChange(t.Context(), write(), engine.StagedChange{MerchantID: "m", CampaignID: "c", Status: status, LiveAt: noon.Add(after)})
		if err != nil {
			t.Fatal(err)
		}
	}
	running := open(h.service)
	stage(time.Hour, engine.StatusDisabled)
	before, err := h.db.Position(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	passed.Store(int64(time.Hour))
	if err := h.db.WaitChange(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	if c, err = h.db.Campaign(t.Context(), "m", "c"); err != nil || c.Status != engine.StatusDisabled || c.Meta.Version != 2 {
		t.Errorf("%s, version %d, %v", c.Status, c.Meta.Version, err)
	}
	if err := running.Close(); err != nil {
		t.Fatal(err)
	}
	stage(2*time.Hour, engine.StatusEnabled)
	stage(3*time.Hour, engine.StatusArchived)
	passed.Store(int64(2 * time.Hour))
	another := open(newService(h.db))
	if c, err = h.db.Campaign(t.Context(), "m", "c"); err != nil || c.Status != engine.StatusEnabled || c.Meta.Version != 3 {
		t.Errorf("after a new start: %s, version %d, %v", c.Status, c.Meta.Version, err)
	}
	if err := another.Close(); err != nil {
		t.Fatal(err)
	}
}
