package decision

import (
	"slices"
	"sync"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/scoring"
)

// marks are what became of the candidates of one decision, so that it can be counted by whoever has the time. A mark is a word: 16 bits of what became of a
// candidate, and above them the handle of the fence by which it was met; or, where that does not tell the candidate, the number of its listing and listed.
type marks struct {
	snap     *engine.Snapshot
	at       time.Time
	slots    uint32 // placements of the decision
	shared   int    // the first so many are of every placement, and the others of one
	words    []uint64
	listings []*engine.Listing
}

const (
	listed   = 1 << 63
	markBits = 16
)

// What became of a candidate that was sifted out: the rules that do not hold, in bits. All is below the codes of reasons.
const (
	notDuring   = 1 << iota // the flight; or it is not enabled
	notInWindow             // of the flight
	notOpen                 // the windows of the flight, the venue's hours or a blackout
	notSpoken
	notReader
	blackedOut  // it is open but for a blackout
	notAccepted // of partners
	sifted
)

// marksPool keeps marks from one decision to the next.
type marksPool struct{ pool sync.Pool }

func (p *marksPool) take() *marks {
	if m, ok := p.pool.Get().(*marks); ok {
		return m
	}
	return new(marks)
}

// put takes marks back, nil for none.
func (p *marksPool) put(m *marks) {
	if m == nil {
		return
	}
	clear(m.listings)
	*m = marks{words: m.words[:0], listings: m.listings[:0]}
	p.pool.Put(m)
}

// noteSifted keeps what the matches that were sifted out did not hold to.
func (r *run) noteSifted(specials int) {
	m := r.marks
	if m == nil {
		return
	}
	m.snap, m.at, m.slots = r.snap, r.request.Time, uint32(len(r.request.Placements))
	m.words, r.drops = r.drops, m.words[:0] // the marks go with the decision, and their old memory serves the next one
	m.shared = len(m.words)
	m.words = slices.Grow(m.words, len(r.request.Placements)*len(r.matches))
	for i := range r.specials[:specials] {
		m.listings = append(m.listings, r.specials[i].digest.listing)
	}
}

// noteSpecial keeps that a special match was sifted out: its handle does not tell it.
func (r *run) noteSpecial(d *digest) {
	last := len(r.drops) - 1
	if r.marks == nil {
		return
	}
	r.drops[last] = listed | uint64(len(r.marks.listings))<<markBits | r.drops[last]&(sifted-1)
	r.marks.listings = append(r.marks.listings, d.listing)
}

// notePlacement keeps what became of the matches in one placement. Those that are not looked at closely have been outranked: their scores could not be high
// enough, whatever else might be said against them.
func (r *run) notePlacement(p *engine.PlacementRequest, chosen []int32) {
	m := r.marks
	if m == nil {
		return
	}
	begin, first := len(m.words), len(m.listings)-len(r.specials)
	m.words = slices.Grow(m.words, len(r.matches))[:begin+len(r.matches)]
	words, settled := m.words[begin:], r.settled[:len(m.words)-begin]
	for i := range words {
		at, code := &r.matches[i], uint64(engine.Outranked)
		if settled[i] < 0 {
			code = uint64(-settled[i])
		}
		words[i] = uint64(at.handle)<<markBits | code
		if at.special >= 0 {
			words[i] = listed | uint64(first+int(at.special))<<markBits | code
		}
	}
	set := func(i int32, code engine.ReasonCode) { words[i] = words[i]>>markBits<<markBits | uint64(code) }
	if floor := r.snap.Profile.Floor; r.scorer.HasTrees() || r.priced || !r.season.isAbove(floor) {
		for i, s := range settled {
			if s == unsettled && r.entrants[i].Bound < floor || s > 0 && r.worth(&r.candidates[s-1]) < floor {
				set(int32(i), engine.BelowScoreFloor)
			}
		}
	}
	for _, i := range r.race.Full() {
		set(i, engine.RejectedByDiversity)
	}
	if len(p.Categories) > 0 || len(p.ExcludeMerchants) > 0 {
		r.noteExcluded(p, set)
	}
	for _, i := range chosen {
		set(i, 0)
	}
}

// noteExcluded keeps which matches a placement does not ask for.
func (r *run) noteExcluded(p *engine.PlacementRequest, set func(int32, engine.ReasonCode)) {
	for i := range r.matches {
		switch at := r.digestOf(&r.matches[i]).place; {
		case !categoryAllowed(p, at):
			set(int32(i), engine.CategoryExcluded)
		case !merchantAllowed(p, at):
			set(int32(i), engine.MerchantExcluded)
		}
	}
}

// noteExplained keeps what an explained decision tells of its candidates: of each the reason that a decision without explanations would have found first. Those
// that the place did not lead to, which only explanations list, are left out.
func (r *run) noteExplained(d *engine.Decision) {
	m := r.marks
	if m == nil {
		return
	}
	m.snap, m.at, m.slots = r.snap, r.request.Time, uint32(len(r.request.Placements))
	mark := func(c *candidate, code engine.ReasonCode) {
		m.words = append(m.words, listed|uint64(len(m.listings))<<markBits|uint64(code))
		m.listings = append(m.listings, c.listing)
	}
	for i := range d.Placements {
		against := make(map[string][]engine.Reason, len(d.Placements[i].Rejected))
		for _, x := range d.Placements[i].Rejected {
			against[x.OfferID] = x.Reasons
		}
		for k := range r.candidates {
			c := &r.candidates[k]
			if !c.inside && !c.near {
				continue
			}
			mark(c, firstOf(against[c.id]))
		}
	}
}

// noteExplored keeps what became of the candidates in one placement of a decision that explores, by the first thing found against each. Every candidate was scored there,
// so that what was outranked met all rules.
func (r *run) noteExplored(p *engine.PlacementRequest, outcomes []scoring.Outcome) {
	m := r.marks
	m.snap, m.at = r.snap, r.request.Time
	entry := 0
	for k := range r.candidates {
		c, code := &r.candidates[k], engine.ReasonCode(0)
		isListed := entry < len(r.listed) && r.listed[entry] == k
		switch {
		case isListed:
			code = codeOfOutcome(outcomes[entry])
			entry++
		case c.row < 0:
			code = c.first
		case !categoryAllowed(p, c.place):
			code = engine.CategoryExcluded
		default:
			code = engine.MerchantExcluded
		}
		if c.inside || c.near {
			m.words = append(m.words, listed|uint64(len(m.listings))<<markBits|uint64(code))
			m.listings = append(m.listings, c.listing)
		}
	}
}

// codeOfOutcome returns the reason of an outcome that comes first; 0 for what was chosen.
func codeOfOutcome(o scoring.Outcome) engine.ReasonCode {
	switch {
	case o.Has(scoring.BelowFloor):
		return engine.BelowScoreFloor
	case o.Has(scoring.Outranked):
		return engine.Outranked
	case o.Has(scoring.Diversity):
		return engine.RejectedByDiversity
	}
	return 0
}

// firstOf returns the reason that comes first on the way of a candidate; 0 for none.
func firstOf(reasons []engine.Reason) engine.ReasonCode {
	var order = [...]engine.ReasonCode{
		engine.NotEnabled, engine.NotInFlight, engine.VenueClosed, engine.BlackedOut, engine.PartnerNotAccepted, engine.LanguageNotOffered, engine.AudienceNotMatched,
		engine.CategoryExcluded, engine.MerchantExcluded,
	}
	for _, code := range order {
		for _, x := range reasons {
			if x.Code == code {
				return code
			}
		}
	}
	if n := len(reasons); n > 0 {
		if last := reasons[n-1].Code; last == engine.Outranked && n > 1 && reasons[n-2].Code == engine.RejectedByDiversity {
			return last
		}
		return reasons[0].Code
	}
	return 0
}
