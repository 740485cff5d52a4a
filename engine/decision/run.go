package decision

import (
	"math"
	"slices"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
	"github.com/sihai-network/sihai/scoring"
)

// run is one request on its way to a decision, with the memory that it works in. It serves one request after another and
// is not safe for concurrent use.
type run struct {
	settings *settings
	snap     *engine.Snapshot
	scorer   *scoring.Scorer
	request  *engine.Request
	full     bool              // rejections and explanations are asked for
	accuracy geo.Meters        // of the location, its age included; 0: exact
	explorer *scoring.Explorer // nil: the profile does not explore
	priced   bool              // scores are lowered by the prices of budgets
	rates    exchange
	tongue   *tongue

	candidates []candidate
	places     map[place]int // index into candidates
	shared     chance        // of the listing met last that has fences of its own

	// Memory without meaning from one request to the next.
	hits     []uint32
	near     []geo.Near
	withheld []engine.Withheld // of this request
	locals   []local
	rows     scoring.Matrix
	scores   []float64
	names    []byte
	entries  []scoring.Candidate
	listed   []int // candidate of each entry
	chosen   []int // candidates
	sought   uint32

	// Of a request that is answered from digests, see shortlist.go.
	digests      *digests // nil: none is
	curves       *curves
	ground       epoch
	epoch        uint32 // number of ground
	seasonNumber uint32
	nanos        int64 // the request's time since 1970
	tick         uint32
	axis         axis    // of its position
	perAccuracy  float32 // 1/accuracy, where there is one
	hasTastes    bool    // the wallet tells of affinities
	spends       bool    // a purchase is told of
	season       season
	base         float64 // of its bounds
	desk         desk
	matches      []match
	settled      []int32  // of each match: its candidate, from 1, or another thing that is known
	odd          []uint32 // fences that are met one by one
	specials     []special
	open         verdicts // of windows and opening hours
	windows      verdicts // of windows alone, known wherever open is
	hours        verdicts // of windows and opening hours, blackouts aside, known wherever open is
	partners     verdicts // of partners alone, known wherever readers is
	marks        *marks   // what becomes of the candidates; nil: nobody asks
	drops        []uint64 // marks of the matches that were sifted out
	readers      verdicts // of the lists of audiences and of partners
	spoken       verdicts // of voices: whether there is one
	voices       memo[voice]
	voiceValues  []float32 // by number: weight × value, where spoken tells that there is one
	tastes       memo[float64]
	campaigns    map[*engine.Listing]uint32
	entrants     []scoring.Entrant
	allowed      []scoring.Entrant // in one placement
	race         scoring.Race

	// What was computed before and follows from the key alone.
	tongues map[string]*tongue
	moments map[moment]time.Time
}

// candidate is a campaign at a venue that may be offered.
type candidate struct {
	place
	digest   *digest    // nil: it was met without one
	fence    *geo.Fence // one that a lookup found it by; nil: none
	inside   bool       // one of its fences holds the position
	near     bool       // its venue is within the request's radius
	distance geo.Meters // of the venue; below 0: not yet computed

	probability float64
	match       engine.Match
	spoken      spoken
	row         int     // of the features; below 0: it is not offered
	price       float64 // by which its score is lowered
	reasons     []engine.Reason
	first       engine.ReasonCode // against it, where no reasons are kept and somebody counts; 0: none

	id       string // of the offer
	campaign string // with its merchant
}

// moment is a day's beginning in a zone.
type moment struct {
	date engine.Date
	zone *time.Location
}

// The bounds of what a run remembers from one request to the next.
const (
	maxTongues = 1024
	maxMoments = 8192
	maxLocals  = 64
)

func newRun() *run {
	return &run{
		places:    make(map[place]int),
		tongues:   make(map[string]*tongue),
		moments:   make(map[moment]time.Time),
		campaigns: make(map[*engine.Listing]uint32),
	}
}

// decide answers a request on a snapshot. It reads nothing but its arguments and the settings' limits.
func (r *run) decide(s *settings, snap *engine.Snapshot, scorer *scoring.Scorer, request *engine.Request, id string) *engine.Decision {
	r.begin(s, snap, scorer, request)
	defer r.end()
	if r.isQuick() {
		return r.answerQuickly(id)
	}
	r.retrieve()
	d := r.answer(id)
	if r.full {
		r.noteExplained(d)
	}
	return d
}

// answer decides on the candidates.
func (r *run) answer(id string) *engine.Decision {
	for i := range r.candidates {
		if c := &r.candidates[i]; r.filter(c) {
			f := r.factsOf(c.place, r.request.Purchase)
			r.addFeatures(c, &f, r.affinity(c.place))
			c.price = r.priceOf(c.place, r.request.Purchase)
		}
	}
	r.scores = r.scorer.Score(r.scores, &r.rows)
	r.addNames()

	d := r.decision(id)
	for i := range r.request.Placements {
		d.Placements[i] = r.place(&r.request.Placements[i], id)
	}
	d.Withheld = slices.Clone(r.withheld)
	return d
}

// decision returns a decision whose placements are still empty. Room for one lies beside it.
func (r *run) decision(id string) *engine.Decision {
	made := new(struct {
		engine.Decision
		single [1]engine.Placement
	})
	made.Decision = engine.Decision{
		ID:             id,
		Time:           r.request.Time,
		CatalogVersion: r.snap.Version,
		Profile:        engine.ProfileRef{Name: r.snap.Profile.Name, Version: r.snap.Profile.Version},
		RatesDate:      r.rates.Day.Date,
		Request:        r.request,
		Placements:     made.single[:],
		Epoch:          r.snap.Epoch,
		BeliefEpoch:    r.snap.BeliefEpoch,
		Settings:       r.settings.told,
	}
	if r.priced {
		made.PriceEpoch = r.snap.PriceEpoch
	}
	if n := len(r.request.Placements); n != 1 {
		made.Placements = make([]engine.Placement, n)
	}
	return &made.Decision
}

func (r *run) begin(s *settings, snap *engine.Snapshot, scorer *scoring.Scorer, request *engine.Request) {
	r.settings, r.snap, r.scorer, r.request = s, snap, scorer, request
	r.full = request.Explain == engine.ExplainFull
	r.accuracy = s.accuracy(request.Location)
	r.explorer = scoring.NewExplorer(&snap.Profile)
	r.priced = snap.Profile.Pricing.IsOn() && snap.PriceEpoch > 0
	r.rates = exchangeOn(snap.Rates, engine.DateOf(request.Time.UTC()))
	r.tongue = r.tongueOf(request.User.Languages)
	r.rows.Reset()
	r.scores = r.scores[:0]
}

// end lets go of everything that the request and the snapshot own.
func (r *run) end() {
	clear(r.candidates)
	clear(r.places)
	clear(r.withheld)
	r.withheld = r.withheld[:0]
	clear(r.locals)
	clear(r.entries)
	clear(r.specials)
	r.desk.clear()
	clear(r.campaigns)
	r.specials, r.digests, r.curves, r.ground = r.specials[:0], nil, nil, epoch{}
	r.candidates, r.locals, r.entries = r.candidates[:0], r.locals[:0], r.entries[:0]
	r.settings, r.snap, r.scorer, r.request, r.explorer = nil, nil, nil, nil, nil
	r.rates, r.tongue, r.shared, r.marks = exchange{}, nil, chance{}, nil
}

// accuracy returns the radius of 68 % confidence of a location, its age included.
func (s *settings) accuracy(l *engine.Location) geo.Meters {
	if l == nil {
		return 0
	}
	accuracy := l.Accuracy
	if accuracy == 0 && l.Type == engine.LocationIP {
		accuracy = s.ipAccuracy
	}
	return geo.Meters(math.Hypot(float64(accuracy), s.walkingSpeed*l.LastFix.Seconds()))
}

// tongueOf returns the tongue of a traveller's languages.
func (r *run) tongueOf(languages []string) *tongue {
	r.names = r.names[:0]
	for _, l := range languages {
		r.names = append(append(r.names, l...), ' ')
	}
	if t, ok := r.tongues[string(r.names)]; ok {
		return t
	}
	if len(r.tongues) >= maxTongues {
		clear(r.tongues)
	}
	t := newTongue(languages)
	r.tongues[string(r.names)] = t
	return t
}

// local returns the request's time in a zone.
func (r *run) local(zone *time.Location) *local {
	for i := range r.locals {
		if r.locals[i].zone == zone {
			return &r.locals[i]
		}
	}
	if len(r.locals) == maxLocals {
		r.locals = r.locals[:maxLocals-1]
	}
	r.locals = append(r.locals, localAt(r.request.Time, zone))
	return &r.locals[len(r.locals)-1]
}

// bound returns a bound of a flight in a zone; zero: none.
func (r *run) bound(m engine.Moment, zone *time.Location) time.Time {
	if m.Date.IsZero() || !m.Instant.IsZero() {
		return m.In(zone)
	}
	key := moment{m.Date, zone}
	if t, ok := r.moments[key]; ok {
		return t
	}
	if len(r.moments) >= maxMoments {
		clear(r.moments)
	}
	t := m.In(zone)
	r.moments[key] = t
	return t
}
