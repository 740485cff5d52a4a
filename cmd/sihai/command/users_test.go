package command_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/sihai-network/sihai/engine/client"
	"github.com/sihai-network/sihai/engine/wire"
)

func TestUsersVerb(t *testing.T) {
	onBothPlaces(t, func(t *testing.T, p place) {
		p.do(t, step{args: "users erasures", out: "ERASURE +STATE"})
		e := asJSON[wire.Erasure](t, p, "users erase nobody-in-particular --wait")
		if e.State != "done" || e.Decisions != 0 {
			t.Errorf("%+v", e)
		}
		p.do(t, step{args: "users erase erased:0123", code: 1, err: "erased: begins no ID"})
		p.do(t, step{args: "users erasures", out: e.ID + ` +done`})
	})
}

// A user who has bought something is erased by the program on its folder, and then no file holds the ID.
func TestErasedUserIsInNoFile(t *testing.T) {
	const user = "somebody-who-is-to-be-forgotten"
	dir := t.TempDir()
	s := serving(t, dir)
	if err := sellFew(t.Context(), s.client(), "till"); err != nil {
		t.Fatal(err)
	}
	r, err := s.client().Redeem(t.Context(), tillOrder("till", user, 1000))
	if err != nil {
		t.Fatal(err)
	}
	place := wire.Location{Lat: 25.79, Lon: -80.13}
	if _, err := s.client().Decide(client.Once(t.Context(), "once"), wire.Request{User: &wire.User{ID: user}, Location: &place, Placements: []wire.PlacementRequest{{ID: "home", Count: 1}}}); err != nil {
		t.Fatal(err)
	}
	s.stop(t)
	files := func() (with []string) {
		err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(name)
			if bytes.Contains(data, []byte(user)) {
				with = append(with, filepath.Base(name))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return with
	}
	if len(files()) == 0 {
		t.Fatal("the user is in no file before")
	}
	got := run(t, nil, "users", "erase", user, "--data", dir)
	if got.code != 0 || !regexp.MustCompile(`done; 1 decisions, 0 events and 1 redemptions`).MatchString(got.out) {
		t.Fatalf("%+v", got)
	}
	if with := files(); len(with) > 0 {
		t.Errorf("the user is in %v", with)
	}
	s = serving(t, dir)
	if now, err := s.client().Redemption(t.Context(), r.ID); err != nil || now.Discount != r.Discount || now.UserID == user {
		t.Errorf("%+v %v", now, err)
	}
	if a, err := s.client().Audit(t.Context(), ""); err != nil || len(a.Faults) > 0 {
		t.Errorf("%+v %v", a, err)
	}
}
