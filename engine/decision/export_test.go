package decision

import (
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/scoring"
)

// DecideNaively decides as a Service does, by a scan over every fence there is and with no memory kept from one request to the next.
func DecideNaively(o Options, snap *engine.Snapshot, request *engine.Request, id string) (*engine.Decision, error) {
	s, err := o.settings()
	if err != nil {
		return nil, err
	}
	r := newRun()
	scorer := scoring.NewScorer(snap.Profile)
	r.begin(&s, snap, scorer, request)
	for handle := range uint32(snap.Holders.Len()) {
		if h := snap.Holders.At(handle); h.Fence != nil && h.Fence.Contains(request.Location.Position) {
			r.meet(h, true)
		}
	}
	for handle := range uint32(snap.Residents.Len()) {
		resident := snap.Residents.At(handle)
		if resident.Site == nil || request.Location.Position.Distance(resident.Site.Position) > request.Radius {
			continue
		}
		for _, at := range resident.At {
			r.candidate(at.Listing, at.Site).near = request.Radius > 0
		}
	}
	return r.answer(id), nil
}

// DecideFully decides as a Service does, with the same retrieval, but looks closely at every candidate as if explanations were asked for.
func DecideFully(o Options, snap *engine.Snapshot, request *engine.Request, id string) (*engine.Decision, error) {
	s, err := o.settings()
	if err != nil {
		return nil, err
	}
	r := newRun()
	r.begin(&s, snap, scoring.NewScorer(snap.Profile), request)
	r.retrieve()
	return r.answer(id), nil
}

// Single decides as a Service does that answers one request after another, in memory that is its own: what a pool drops now and then is not counted.
func Single(t testing.TB, o Options, snap *engine.Snapshot) func(*engine.Request) *engine.Decision {
	s, err := o.settings()
	if err != nil {
		t.Fatal(err)
	}
	usual, work, curves := newCompiled(snap, nil).usual, newRun(), newCurves()
	return func(r *engine.Request) *engine.Decision {
		work.digests, work.curves = usual.digests, curves
		return work.decide(&s, usual.snap, usual.scorer, r, "d")
	}
}

// Arms tells the arms of users in the experiments of a snapshot; empty for none.
func Arms(snap *engine.Snapshot) func(user string, at time.Time) string {
	c := newCompiled(snap, nil)
	return func(user string, at time.Time) string {
		_, arm := c.wayOf(user, at)
		return arm.Arm
	}
}
