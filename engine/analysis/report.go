package analysis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// ReporterOptions are what a Reporter works with; all are required.
type ReporterOptions struct {
	Sources   Sources
	Tallies   engine.TallyScan
	Decisions engine.DecisionLog // to find the decision of a redemption that came long after it
	Venues    engine.Venues      // tells the zones of venues of which nothing was offered in a report's days
}

// Reporter implements engine.Reporter. It is safe for concurrent use.
type Reporter struct {
	o     ReporterOptions
	log   *Log
	turns turns
}

var _ engine.Reporter = (*Reporter)(nil)

// NewReporter returns a reporter, or what is missing.
func NewReporter(o ReporterOptions) (*Reporter, error) {
	if o.Sources.Decisions == nil || o.Sources.Events == nil || o.Sources.Accounts == nil || o.Tallies == nil || o.Decisions == nil || o.Venues == nil {
		return nil, errors.New("make reporter: a part is missing")
	}
	return &Reporter{o, NewLog(Sources{Decisions: o.Sources.Decisions, Events: o.Sources.Events}), newTurns()}, nil
}

// Report implements engine.Reporter.
func (r *Reporter) Report(ctx context.Context, q engine.ReportRequest) (engine.Report, error) {
	end, err := r.turns.take(ctx)
	if err != nil {
		return engine.Report{}, fmt.Errorf("report on merchant %s: %w", q.MerchantID, err)
	}
	defer end()
	s := newSheet(q)
	steps := []func(context.Context, *sheet) error{r.readRedemptions, r.readDecisions, r.findDecisions, r.readTallies}
	for _, step := range steps {
		if err := step(ctx, s); err != nil {
			return engine.Report{}, fmt.Errorf("report on merchant %s: %w", q.MerchantID, err)
		}
	}
	return s.report(), nil
}

// sheet is a report that is being written.
type sheet struct {
	q                                        engine.ReportRequest
	days, venues, cells, languages, campaign map[string]*engine.Numbers
	total                                    engine.Numbers
	funnel                                   map[engine.ReasonCode]int64
	zones                                    map[string]*time.Location // by name
	zoneOf                                   map[string]*time.Location // by campaign, of one of its venues
	open                                     map[key][]*engine.Redemption
}

func newSheet(q engine.ReportRequest) *sheet {
	s := &sheet{q: q, funnel: make(map[engine.ReasonCode]int64), zones: make(map[string]*time.Location), zoneOf: make(map[string]*time.Location),
		open: make(map[key][]*engine.Redemption)}
	for _, by := range []*map[string]*engine.Numbers{&s.days, &s.venues, &s.cells, &s.languages, &s.campaign} {
		*by = make(map[string]*engine.Numbers)
	}
	return s
}

// span returns the instants between which the days lie in whatever zone.
func (s *sheet) span() (from, until time.Time) {
	at := func(d engine.Date) time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }
	return at(s.q.From).Add(-14 * time.Hour), at(s.q.Until).Add(12 * time.Hour)
}

func (s *sheet) isIn(d engine.Date) bool { return !d.Before(s.q.From) && d.Before(s.q.Until) }

// of reports whether offers of a campaign are in the report.
func (s *sheet) of(merchant, campaign string) bool {
	return merchant == s.q.MerchantID && (s.q.CampaignID == "" || campaign == s.q.CampaignID)
}

// zone returns a zone by its name; UTC for one that this machine does not know.
func (s *sheet) zone(name string) *time.Location {
	zone := s.zones[name]
	if zone == nil {
		var err error
		if zone, err = time.LoadLocation(name); err != nil {
			zone = time.UTC
		}
		s.zones[name] = zone
	}
	return zone
}

// where is the place of a number in a report.
type where struct{ day, venue, cell, language, campaign string }

// count adds to every row that something belongs to.
func (s *sheet) count(w where, add func(*engine.Numbers)) {
	add(&s.total)
	for _, at := range []struct {
		rows map[string]*engine.Numbers
		key  string
	}{{s.days, w.day}, {s.venues, w.venue}, {s.cells, w.cell}, {s.languages, w.language}, {s.campaign, w.campaign}} {
		n := at.rows[at.key]
		if n == nil {
			n = new(engine.Numbers)
			at.rows[at.key] = n
		}
		add(n)
	}
}

// readRedemptions keeps those of the days until their decision is found; those without one are counted.
func (r *Reporter) readRedemptions(ctx context.Context, s *sheet) error {
	read := func(c engine.CampaignRef) error {
		return r.o.Sources.Accounts.EachRedemption(ctx, c, func(x engine.Redemption) error {
			if !s.isIn(x.Day) {
				return nil
			}
			if x.DecisionID == "" {
				s.redeem(&x, "", "")
				return nil
			}
			k := keyOf(x.DecisionID)
			s.open[k] = append(s.open[k], &x)
			return nil
		})
	}
	if s.q.CampaignID != "" {
		return read(engine.CampaignRef{MerchantID: s.q.MerchantID, CampaignID: s.q.CampaignID})
	}
	return r.o.Sources.Accounts.EachAccount(ctx, func(c engine.CampaignRef) error {
		if c.MerchantID != s.q.MerchantID {
			return nil
		}
		return read(c)
	})
}

// redeem counts a redemption.
func (s *sheet) redeem(x *engine.Redemption, cell, language string) {
	s.count(where{x.Day.String(), x.VenueID, cell, language, x.CampaignID}, func(n *engine.Numbers) {
		if !x.ExpiresAt.IsZero() {
			n.Reserved++
		}
		switch x.Status {
		case engine.Confirmed:
			n.Redeemed++
			n.Spend = plus(n.Spend, engine.Money{Amount: x.Discount.Amount - x.RolledBack, Currency: x.Discount.Currency})
		case engine.RolledBack:
			n.RolledBack++
		}
	})
}

// plus adds an amount to a list, ascending by currency.
func plus(list []engine.Money, m engine.Money) []engine.Money {
	if m.Amount == 0 {
		return list
	}
	i, found := slices.BinarySearchFunc(list, m.Currency, func(x engine.Money, code string) int { return cmp.Compare(x.Currency, code) })
	if found {
		list[i].Amount += m.Amount
		return list
	}
	return slices.Insert(list, i, m)
}

// readDecisions counts what became of the offers.
func (r *Reporter) readDecisions(ctx context.Context, s *sheet) error {
	from, until := s.span()
	q := Query{From: from, Until: until, Parts: engine.PartOffers | engine.PartLocation, MerchantID: s.q.MerchantID, Outcomes: true}
	return r.log.Each(ctx, q, func(d *Logged) error {
		cell, known := "", false
		s.settle(d.Decision)
		for i := range d.Placements {
			for n := range d.Placements[i].Offers {
				o := &d.Placements[i].Offers[n]
				if !s.of(o.MerchantID, o.CampaignID) {
					continue
				}
				zone := s.zone(o.Venue.TimeZone)
				s.zoneOf[o.CampaignID] = zone
				day := engine.DateOf(d.Time.In(zone))
				if !s.isIn(day) {
					continue
				}
				if !known {
					cell, known = cellOf(d.Decision), true
				}
				got := d.Outcome(i, n)
				s.count(where{day.String(), o.Venue.ID, cell, o.Language, o.CampaignID}, func(n *engine.Numbers) { tell(n, got) })
			}
		}
		return nil
	})
}

func cellOf(d *engine.Decision) string {
	if d.Request == nil {
		return ""
	}
	return engine.CoarseCell(d.Request.Location)
}

// tell counts an offer and what came of it.
func tell(n *engine.Numbers, got Outcome) {
	n.Offered++
	for _, x := range []struct {
		flag  Outcome
		count *int64
	}{{Shown, &n.Shown}, {Clicked, &n.Clicks}, {Saved, &n.Saves}, {Dismissed, &n.Dismissals}} {
		if got.Has(x.flag) {
			*x.count++
		}
	}
	if got.Has(Shown) && got.Has(Clicked) {
		n.ShownClick++
	}
}

// settle counts the redemptions of a decision.
func (s *sheet) settle(d *engine.Decision) {
	k := keyOf(d.ID)
	open := s.open[k]
	if len(open) == 0 {
		return
	}
	delete(s.open, k)
	for _, x := range open {
		language := ""
		for i := range d.Placements {
			for n := range d.Placements[i].Offers {
				if o := &d.Placements[i].Offers[n]; o.MerchantID == x.MerchantID && o.CampaignID == x.CampaignID && o.Venue.ID == x.VenueID {
					language = o.Language
				}
			}
		}
		s.redeem(x, cellOf(d), language)
	}
}

// findDecisions looks for those of redemptions that were made before the days, or are not there any more.
func (r *Reporter) findDecisions(ctx context.Context, s *sheet) error {
	for _, k := range slices.SortedFunc(maps.Keys(s.open), func(a, b key) int { return slices.Compare(a[:], b[:]) }) {
		open := s.open[k]
		d, err := r.o.Decisions.Decision(ctx, open[0].DecisionID)
		switch {
		case err == nil:
			s.settle(d)
		case errors.Is(err, engine.ErrNotFound):
			for _, x := range open {
				s.redeem(x, "", "")
			}
		default:
			return err
		}
	}
	return nil
}

// readTallies adds up the funnel, on the days of one of each campaign's venues.
func (r *Reporter) readTallies(ctx context.Context, s *sheet) error {
	from, until := s.span()
	return r.o.Tallies.ScanTallies(ctx, engine.LogSpan{From: from, Until: until.Add(logSlack)}, s.q.MerchantID, func(t *engine.Tally) error {
		if !s.of(t.MerchantID, t.CampaignID) {
			return nil
		}
		zone, known := s.zoneOf[t.CampaignID]
		if !known {
			zone = r.zoneOf(ctx, s, t.CampaignID)
			s.zoneOf[t.CampaignID] = zone
		}
		if s.isIn(engine.DateOf(t.Quarter.In(zone))) {
			for _, c := range t.Counts {
				s.funnel[c.Code] += c.Count
			}
		}
		return nil
	})
}

// zoneOf finds the zone of a campaign of which nothing was offered: that of any venue of its merchant.
func (r *Reporter) zoneOf(ctx context.Context, s *sheet, _ string) *time.Location {
	venues, _, err := r.o.Venues.ListVenues(ctx, s.q.MerchantID, engine.Page{Limit: 1})
	if err != nil || len(venues) == 0 {
		return time.UTC
	}
	return s.zone(venues[0].TimeZone)
}

// report puts the rows in order.
func (s *sheet) report() engine.Report {
	out := engine.Report{
		ReportRequest: s.q, Total: s.total,
		Days: rowsOf(s.days), Venues: rowsOf(s.venues), Cells: rowsOf(s.cells), Languages: rowsOf(s.languages), Campaigns: rowsOf(s.campaign),
	}
	for _, code := range slices.Sorted(maps.Keys(s.funnel)) {
		n := s.funnel[code]
		out.Funnel.Met += n
		if code == 0 {
			out.Funnel.Offered = n
			continue
		}
		out.Funnel.Against = append(out.Funnel.Against, engine.Tallied{Code: code, Count: n})
	}
	return out
}

func rowsOf(rows map[string]*engine.Numbers) []engine.ReportRow {
	var out []engine.ReportRow
	for _, key := range slices.Sorted(maps.Keys(rows)) {
		out = append(out, engine.ReportRow{Key: key, Numbers: *rows[key]})
	}
	return out
}
