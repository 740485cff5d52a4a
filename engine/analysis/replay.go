package analysis

import (
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/scoring"
)

// win is an offer of the campaign on trial in a replayed decision.
type win struct {
	at       time.Time // in the days that are forecast, by the clock of the venue
	week     int       // before the present, from 0
	user     int32     // number; 0: nobody was named
	position int
	cell     string
	value    engine.Money // that it saves
	out      []loss       // who makes room
}

// loss is an offer that made room, and where it was.
type loss struct {
	campaign engine.CampaignRef
	category string
	position int
}

// replay puts a campaign into logged decisions.
type replay struct {
	request  engine.ForecastRequest
	now      time.Time
	listing  *engine.Listing
	own      engine.CampaignRef
	trial    engine.Trial
	profile  *scoring.Profile // by which offers are scored
	scorer   *scoring.Scorer
	zone     *time.Location
	rates    *rates
	popular  engine.Counts // of the campaign so far
	balance  engine.Balance
	atVenue  engine.Balance // of a campaign with a single venue
	first    time.Time      // the earliest decision; zero: none yet
	read     uint64
	wins     []win
	traffic  map[dayOfWeek]float64
	reach    [engine.MaxBaseWeeks]counted
	against  [engine.MaxBaseWeeks]map[engine.ReasonCode]float64
	users    map[string]int32 // numbers from 1, in the order of the log
	asked    engine.Request
	tried    []engine.TrialOffer
	cands    []scoring.Candidate
	matrix   scoring.Matrix
	scores   []float64
	holding  []int // of the trial's offers: those that hold in a placement
	siteName []string
}

// counted is what the fences reached in a base week.
type counted struct {
	decisions, eligible, offered float64
	users, eligibleUsers         map[int32]struct{}
}

// dayOfWeek is a day of a base week: 0 is the day that ends now.
type dayOfWeek struct{ week, day int }

// newReplay begins one.
func newReplay(r engine.ForecastRequest, now time.Time, l *engine.Listing, t engine.Trial, p *scoring.Profile) *replay {
	x := &replay{
		request: r, now: now, listing: l, own: engine.CampaignRef{MerchantID: l.Merchant.ID, CampaignID: l.ID}, trial: t, profile: p, scorer: scoring.NewScorer(*p),
		zone: time.UTC, rates: newRates(), traffic: make(map[dayOfWeek]float64), users: make(map[string]int32),
	}
	if len(l.Sites) > 0 && l.Sites[0].Zone != nil {
		x.zone = l.Sites[0].Zone
	}
	for i := range x.reach {
		x.reach[i].users, x.reach[i].eligibleUsers = make(map[int32]struct{}), make(map[int32]struct{})
		x.against[i] = make(map[engine.ReasonCode]float64)
	}
	for _, s := range l.Sites {
		x.siteName = append(x.siteName, engine.OfferID(l.ID, s.ID))
	}
	return x
}

// parts are what a replay reads of a decision.
const replayParts = engine.PartUser | engine.PartLocation | engine.PartAsk | engine.PartOffers | engine.PartFeatures

// take replays a decision.
func (x *replay) take(d *Logged) error {
	x.read++
	if x.first.IsZero() || d.Time.Before(x.first) {
		x.first = d.Time
	}
	for i := range d.Placements {
		for n := range d.Placements[i].Offers {
			x.rates.add(&d.Placements[i].Offers[n], d.Outcome(i, n))
		}
	}
	day := int(x.now.Sub(d.Time) / (24 * time.Hour))
	week := day / 7
	if week < 0 || week >= x.request.BaseWeeks || d.Request == nil {
		return nil
	}
	x.traffic[dayOfWeek{week, day % 7}]++
	counted := false
	for _, at := range x.moments(d.Time) {
		x.asked = *d.Request
		x.asked.Time = at
		x.tried = x.trial.Try(x.tried[:0], &x.asked)
		if len(x.tried) == 0 {
			return nil // its place does not hang on the time
		}
		user := x.userOf(d)
		if !counted {
			x.count(week, user)
			counted = true
		}
		x.place(d, at, week, user)
	}
	return nil
}

// moments returns the times in the days that are forecast that stand for a moment of the base: those that are whole weeks later, by the clock of the campaign's
// first venue.
func (x *replay) moments(t time.Time) (at []time.Time) {
	local := t.In(x.zone)
	end := x.request.Start.In(x.zone).AddDate(0, 0, x.request.Days)
	weeks := int(x.request.Start.Sub(t) / (7 * 24 * time.Hour))
	for k := max(weeks-1, 0); ; k++ {
		moved := local.AddDate(0, 0, 7*k)
		if !moved.Before(end) {
			return at
		}
		if !moved.Before(x.request.Start) {
			at = append(at, moved)
		}
	}
}

// userOf numbers the users that a campaign reaches.
func (x *replay) userOf(d *Logged) int32 {
	id := d.Request.User.ID
	if id == "" {
		return 0
	}
	n, known := x.users[id]
	if !known {
		n = int32(len(x.users) + 1)
		x.users[id] = n
	}
	return n
}

// count counts a decision in reach.
func (x *replay) count(week int, user int32) {
	c := &x.reach[week]
	c.decisions++
	if user != 0 {
		c.users[user] = struct{}{}
	}
	eligible := false
	for i := range x.tried {
		if against := x.tried[i].Against; against != 0 {
			x.against[week][against]++
		} else {
			eligible = true
		}
	}
	if eligible {
		c.eligible++
		if user != 0 {
			c.eligibleUsers[user] = struct{}{}
		}
	}
}

// place puts the campaign among the offers of each placement.
func (x *replay) place(d *Logged, at time.Time, week int, user int32) {
	offered := false
	for i := range d.Placements {
		if i >= len(d.Request.Placements) {
			break
		}
		chosen := x.choose(&d.Placements[i], &d.Request.Placements[i])
		offers := len(x.cands) - len(x.holding)
		var out []loss
		own := -1
		for rank, c := range chosen {
			if c >= offers {
				own = rank
				x.wins = append(x.wins, win{
					at: at, week: week, user: user, position: rank + 1, cell: engine.CoarseCell(d.Request.Location), value: x.tried[x.holding[c-offers]].Saving,
				})
			}
		}
		if own < 0 {
			continue
		}
		offered = true
		for n := range offers {
			o := &d.Placements[i].Offers[n]
			if x.isOwn(o) || isAmong(chosen, n) {
				continue
			}
			out = append(out, loss{engine.CampaignRef{MerchantID: o.MerchantID, CampaignID: o.CampaignID}, o.Venue.Category, o.Position})
		}
		x.wins[len(x.wins)-1].out = out
	}
	if offered {
		x.reach[week].offered++
	}
}

func isAmong(list []int, n int) bool {
	for _, i := range list {
		if i == n {
			return true
		}
	}
	return false
}

func (x *replay) isOwn(o *engine.Offer) bool {
	return o.CampaignID == x.own.CampaignID && o.MerchantID == x.own.MerchantID
}

// choose chooses among the logged offers but the campaign's own, and its offers on trial, which come behind them in x.cands. The offers have the scores of the
// log where it is of the same profile, and are scored anew otherwise.
func (x *replay) choose(p *engine.Placement, slot *engine.PlacementRequest) []int {
	x.cands, x.holding = x.cands[:0], x.holding[:0]
	x.matrix.Reset()
	for n := range p.Offers {
		o := &p.Offers[n]
		row := x.matrix.AppendRow()
		copy(row, o.Features)
		c := scoring.Candidate{ID: o.ID, Campaign: o.MerchantID + "/" + o.CampaignID, Merchant: o.MerchantID, Category: o.Venue.Category}
		if x.isOwn(o) {
			c.Campaign = ""
		}
		x.cands = append(x.cands, c)
	}
	for i := range x.tried {
		t := &x.tried[i]
		category := x.categoryOf(t.Site)
		if t.Against != 0 || !allowed(slot, x.own.MerchantID, x.listing, t.Site) {
			continue
		}
		copy(x.matrix.AppendRow(), t.Features[:])
		x.holding = append(x.holding, i)
		x.cands = append(x.cands, scoring.Candidate{
			ID: x.siteName[t.Site], Campaign: x.own.MerchantID + "/" + x.own.CampaignID, Merchant: x.own.MerchantID, Category: category,
		})
	}
	if len(x.holding) == 0 {
		return nil
	}
	x.scores = x.scorer.Score(x.scores, &x.matrix)
	for i := range x.cands {
		x.cands[i].Score = x.scores[i]
		if i < len(p.Offers) && (x.cands[i].Campaign == "" || len(p.Offers[i].Features) == 0) {
			x.cands[i].Score = -2 * scoring.MaxFloor // below any floor: it takes no part
		}
	}
	return scoring.Top(x.cands, slot.Count, x.profile)
}

func (x *replay) categoryOf(site int) string {
	if own := x.listing.Campaign().Categories; len(own) > 0 {
		return own[0]
	}
	return x.listing.Sites[site].Venue().Category
}

// allowed reports whether a placement asks for a campaign at one of its sites.
func allowed(slot *engine.PlacementRequest, merchant string, l *engine.Listing, site int) bool {
	for _, m := range slot.ExcludeMerchants {
		if m == merchant {
			return false
		}
	}
	if len(slot.Categories) == 0 {
		return true
	}
	own := l.Campaign().Categories
	if len(own) == 0 {
		own = []string{l.Sites[site].Venue().Category}
	}
	for _, c := range slot.Categories {
		for _, mine := range own {
			if c == mine {
				return true
			}
		}
	}
	return false
}
