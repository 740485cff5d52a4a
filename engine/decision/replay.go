package decision

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/scoring"
)

// Pasts gives the catalog as it was when a decision was made.
type Pasts interface {
	// At returns a snapshot that answers the request of a decision as the one did on which it was made: its version, rates, popularity and profile.
	At(ctx context.Context, d *engine.Decision) (*engine.Snapshot, error)
}

// ReplayerOptions says what a Replayer works with.
type ReplayerOptions struct {
	Pasts Pasts // required
	// Settings are taken where a decision tells none; the zero value is the defaults.
	Settings engine.Settings
}

// Replayer decides recorded decisions again: on the catalog of then, with the popularity, the rates, the settings and the limits of then. It is safe for concurrent use if its
// Pasts is.
type Replayer struct {
	pasts    Pasts
	settings settings
	runs     sync.Pool // of *run
}

var _ engine.Replayer = (*Replayer)(nil)

// NewReplayer returns a Replayer; the error tells everything that is wrong with the options.
func NewReplayer(o ReplayerOptions) (*Replayer, error) {
	s, err := settingsOf(&o.Settings)
	if err != nil {
		return nil, fmt.Errorf("replay options: %w", err)
	}
	return &Replayer{pasts: o.Pasts, settings: s, runs: sync.Pool{New: func() any { return newRun() }}}, nil
}

// Replay decides a decision again, see engine.Replayer. Cost: what Pasts asks for, and a decision of which nothing is prepared.
func (p *Replayer) Replay(ctx context.Context, d *engine.Decision, profile *scoring.Profile) (*engine.Decision, error) {
	if err := d.Whole(); err != nil {
		return nil, fmt.Errorf("replay decision %s: %w", d.ID, err)
	}
	snap, err := p.pasts.At(ctx, d)
	if err != nil {
		return nil, fmt.Errorf("replay decision %s: %w", d.ID, err)
	}
	if profile != nil {
		other := *snap
		other.Profile, other.BeliefEpoch = *profile, 0
		snap = &other
	}
	s := p.settings
	if d.Settings != nil {
		if s, err = settingsOf(d.Settings); err != nil {
			return nil, fmt.Errorf("replay decision %s: %w", d.ID, err)
		}
	}
	s.limits = limitsOf(d)
	work := p.runs.Get().(*run)
	defer p.runs.Put(work)
	work.digests, work.curves = &digests{listings: snap.Listings}, newCurves()
	again := work.decide(&s, snap, scoring.NewScorer(snap.Profile), d.Request, d.ID)
	again.Settings = d.Settings
	return again, nil
}

// settingsOf fills in the defaults.
func settingsOf(told *engine.Settings) (settings, error) {
	o := Options{DefaultSpend: told.DefaultSpend, IPAccuracy: told.IPAccuracy, WalkingSpeed: told.WalkingSpeed, Language: told.Language}
	if told.WalkingSpeed == 0 && *told != (engine.Settings{}) {
		o.WalkingSpeed = -1 // none, of which zero is the default
	}
	return o.ownSettings()
}

// recorded answers for the limits as they did when a decision was made: what they kept out, with their reasons where the request asked for rejections.
type recorded map[withheldPlace][]engine.Reason

type withheldPlace struct {
	engine.CampaignRef
	venue string
}

var _ engine.Limits = recorded(nil)

func limitsOf(d *engine.Decision) recorded {
	out := make(recorded)
	for _, w := range d.Withheld {
		out[withheldPlace{w.CampaignRef, w.VenueID}] = nil
	}
	for i := range d.Placements {
		for _, r := range d.Placements[i].Rejected {
			var of []engine.Reason
			for _, reason := range r.Reasons {
				if reason.Code.IsLimit() {
					of = append(of, reason)
				}
			}
			if of != nil {
				out[withheldPlace{engine.CampaignRef{MerchantID: r.MerchantID, CampaignID: r.CampaignID}, r.VenueID}] = of
			}
		}
	}
	return out
}

// Check appends the reasons that were recorded; of what was not asked then, it knows of none.
func (r recorded) Check(dst []engine.Reason, l *engine.Listing, site int, _ string, _ time.Time) []engine.Reason {
	at := withheldPlace{engine.CampaignRef{MerchantID: l.Merchant.ID, CampaignID: l.ID}, l.Sites[site].ID}
	return append(dst, r[at]...)
}

// Within reports whether nothing was kept out there.
func (r recorded) Within(l *engine.Listing, site int, _ string, _ time.Time) bool {
	_, out := r[withheldPlace{engine.CampaignRef{MerchantID: l.Merchant.ID, CampaignID: l.ID}, l.Sites[site].ID}]
	return !out
}
