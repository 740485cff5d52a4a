package catalog_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/catalog"
	"github.com/sihai-network/sihai/scoring"
	"github.com/sihai-network/sihai/store"
)

func openPast(t *testing.T, db engine.Store, version uint64, only map[engine.CampaignRef]bool) *catalog.Past {
	t.Helper()
	p, err := catalog.OpenPast(t.Context(), catalog.PastOptions{Store: db, Packer: store.Packer{}, Only: only, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))}, version)
	if err != nil {
		t.Fatalf("open the past at version %d: %v", version, err)
	}
	return p
}

// published keeps what a publisher published, while changes go on: each snapshot is one that a decision may have been made on.
type published struct {
	snapshots []*engine.Snapshot
}

func (p *published) look(from *catalog.Publisher) {
	if s := from.Snapshot(); len(p.snapshots) == 0 || p.snapshots[len(p.snapshots)-1] != s {
		p.snapshots = append(p.snapshots, s)
	}
}

// TestEachPublishedSnapshotIsMadeAgain makes random changes, looks at whatever snapshots come of them, and builds each of these again from what the store has kept, both anew and
// by going on from the one before.
func TestEachPublishedSnapshotIsMadeAgain(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, 3, "m-0", "m-1")
			p, _ := openPublisher(t, h.db)
			var seen published
			seen.look(p)
			w := &wanderer{house: h, rng: rand.New(rand.NewPCG(seed, 2))}
			for range 60 {
				w.step(t)
				seen.look(p)
			}
			settle(t, h.db, p)
			seen.look(p)
			walking := openPast(t, h.db, seen.snapshots[0].Version, nil)
			for i, want := range seen.snapshots {
				if err := walking.Advance(t.Context(), want.Version); err != nil {
					t.Fatal(err)
				}
				mustBeTheSame(t, "gone on to", walking.Snapshot(want.Profile, nil), want)
				if i%4 == int(seed) {
					mustBeTheSame(t, "opened at", openPast(t, h.db, want.Version, nil).Snapshot(want.Profile, nil), want)
				}
			}
		})
	}
}

func mustBeTheSame(t *testing.T, how string, got, want *engine.Snapshot) {
	t.Helper()
	if got.Version != want.Version {
		t.Fatalf("%s version %d instead of %d", how, got.Version, want.Version)
	}
	if got, want := describe(got), describe(want); !slices.Equal(got, want) {
		t.Fatalf("%s: %s", how, firstDifference(got, want))
	}
}

// TestPastOfSomeCampaigns asks for two campaigns, one of which was another thing then.
func TestPastOfSomeCampaigns(t *testing.T) {
	h := newHouse(t, 3, "m-0", "m-1")
	h.put(t, campaign("m-0", "c-0", "v-0"))
	h.put(t, campaign("m-0", "c-1", "v-1"))
	h.put(t, campaign("m-1", "c-0", "v-2"))
	p, _ := openPublisher(t, h.db)
	then := settle(t, h.db, p)
	changed := campaign("m-0", "c-1", "v-2")
	changed.Title["en"] = "another"
	h.put(t, changed)
	h.put(t, campaign("m-0", "c-2", "v-1"))
	if _, err := h.service.PutVenue(t.Context(), write(), venue("m-0", "v-1", 9)); err != nil {
		t.Fatal(err)
	}
	only := map[engine.CampaignRef]bool{{MerchantID: "m-0", CampaignID: "c-1"}: true, {MerchantID: "m-1", CampaignID: "c-0"}: true, {MerchantID: "m-0", CampaignID: "c-2"}: true}
	s := openPast(t, h.db, then.Version, only).Snapshot(scoring.Default(), nil)
	var got []string
	for handle := range uint32(s.Holders.Len()) {
		if at := s.Holders.At(handle); at.Listing != nil {
			c := at.Listing.Campaign()
			got = append(got, fmt.Sprintf("%s/%s v%d %s at %s v%d", c.MerchantID, c.ID, c.Meta.Version, c.Title["en"], at.Listing.Sites[0].ID, at.Listing.Sites[0].Venue().Meta.Version))
		}
	}
	slices.Sort(got)
	mustEqual(t, "campaigns", got, []string{"m-0/c-1 v1 15% off at v-1 v1", "m-1/c-0 v1 15% off at v-2 v1"})
}

// TestPastWithinAnUpload asks for a version at which an upload was being told: none of its rows is there, and what came later neither.
func TestPastWithinAnUpload(t *testing.T) {
	const n = 30
	h := newHouse(t, 1, "m-1")
	h.run(t, anImport(engine.ImportCampaigns), campaignRows(titled(n, "old")...))
	before, err := h.db.Position(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	h.run(t, anImport(engine.ImportCampaigns), campaignRows(titled(n, "new")...))
	for _, within := range []uint64{before, before + 1, before + n - 1, before + n} {
		want := "old"
		if within == before+n {
			want = "new"
		}
		past := openPast(t, h.db, within, nil)
		titles(t, past.Snapshot(scoring.Default(), nil), n, want)
		if err := past.Advance(t.Context(), before+n); err != nil {
			t.Fatal(err)
		}
		titles(t, past.Snapshot(scoring.Default(), nil), n, "new")
	}
	if _, err := catalog.OpenPast(t.Context(), catalog.PastOptions{Store: h.db, Packer: store.Packer{}}, before+n+1); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("a version to come: %v", err)
	}
}

func titles(t *testing.T, s *engine.Snapshot, n int, want string) {
	t.Helper()
	if s.Listings != n {
		t.Errorf("version %d has %d listings, want %d", s.Version, s.Listings, n)
	}
	for handle := range uint32(s.Holders.Len()) {
		if at := s.Holders.At(handle); at.Listing != nil && at.Listing.Campaign().Title["en"] != want {
			t.Fatalf("version %d has a campaign with the title %q, want %q", s.Version, at.Listing.Campaign().Title["en"], want)
		}
	}
}

// untold is a store whose changes tell no versions up to a position, as those of earlier releases.
type untold struct {
	engine.Store
	upTo uint64
}

func (u untold) Changes(ctx context.Context, after uint64, limit int) ([]engine.Change, error) {
	page, err := u.Store.Changes(ctx, after, limit)
	for i := range page {
		if page[i].Seq <= u.upTo {
			page[i].Before, page[i].After = 0, 0
		}
	}
	return page, err
}

// TestPastOfAnEarlierRelease builds versions that an earlier release published, whose changes do not tell versions.
func TestPastOfAnEarlierRelease(t *testing.T) {
	h := newHouse(t, 3, "m-0")
	p, _ := openPublisher(t, h.db)
	var seen published
	for i := range 12 {
		c := campaign("m-0", fmt.Sprint("c-", i%4), fmt.Sprint("v-", i%3))
		c.Title["en"] = fmt.Sprint("title ", i)
		h.put(t, c)
		if i%5 == 0 {
			if _, err := h.service.PutVenue(t.Context(), write(), venue("m-0", "v-1", i)); err != nil {
				t.Fatal(err)
			}
		}
		settle(t, h.db, p)
		seen.look(p)
	}
	for _, upTo := range []uint64{seen.snapshots[5].Version, seen.snapshots[11].Version} {
		old := untold{h.db, upTo}
		walking := openPast(t, old, seen.snapshots[0].Version, nil)
		for _, want := range seen.snapshots {
			if err := walking.Advance(t.Context(), want.Version); err != nil {
				t.Fatal(err)
			}
			mustBeTheSame(t, "gone on to", walking.Snapshot(want.Profile, nil), want)
			mustBeTheSame(t, "opened at", openPast(t, old, want.Version, nil).Snapshot(want.Profile, nil), want)
		}
	}
}
