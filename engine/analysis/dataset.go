package analysis

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/scoring"
	"github.com/sihai-network/sihai/scoring/tuning"
)

// DatasetOptions say what of the log a data set is made of.
type DatasetOptions struct {
	From, Until time.Time    // of the decisions; the end is exclusive; both required
	Label       engine.Label // empty: engine.LabelTap
	Currency    string       // of a label in money
	Rates       engine.Rates // by which it is converted, as of the day of the use
	Seen        engine.Seen  // empty: engine.SeenImpressions
	// MaxRows bounds the rows that are held: of more a sample of the decisions is read, see Tally.OneIn. 0: engine.MaxEvaluatedRows.
	MaxRows int
	OneIn   uint64 // thins the log out from the beginning; 0: as much as MaxRows asks for
	// Place names where a traveller was, for the column "place" of the context. Nil: there is none.
	Place    func(*engine.Location) string
	Progress func(done, of uint64) // decisions; nil: nobody asks
}

// Tally counts what a data set was made of.
type Tally struct {
	Decisions   uint64 // that were read
	OneIn       uint64 // 1: all of the span; n: a sample of one in n
	Empty       uint64 // placements without an offer, which are no groups
	Unconverted int    // redemptions whose worth is in a currency of which no rate is known: their offers have no label
}

// DatasetSource makes a data set of the log: a group for each placement of a decision that was answered with offers, a row for each offer with the features and
// the score that it had then. An offer that was seen has its position, its propensity and a label; what was not seen may have been liked or not. The
// candidates that were not answered are not on record. It is not safe for concurrent use.
//
// The context of a group holds "hour" (0 to 23, by the clock of the first offer's venue),
// "language" (the traveller's first), "country" (the home country), "segments" (joined by |) and, where the options name places, "place".
type DatasetSource struct {
	log     *Log
	o       DatasetOptions
	tally   Tally
	scratch engine.DatasetGroup
	zones   map[string]*time.Location // nil: not known
	names   map[offerKey]string
}

var _ tuning.Source = (*DatasetSource)(nil)

// NewDatasetSource returns a source over a log that has events.
func NewDatasetSource(log *Log, o DatasetOptions) *DatasetSource {
	if o.Label == "" {
		o.Label = engine.LabelTap
	}
	if o.Seen == "" {
		o.Seen = engine.SeenImpressions
	}
	if o.MaxRows == 0 {
		o.MaxRows = engine.MaxEvaluatedRows
	}
	return &DatasetSource{log: log, o: o, zones: make(map[string]*time.Location), names: make(map[offerKey]string)}
}

// Tally tells what the last Load, or Each, was made of.
func (s *DatasetSource) Tally() Tally { return s.tally }

// datasetParts are what is read of a decision.
const datasetParts = engine.PartUser | engine.PartLocation | engine.PartOffers | engine.PartFeatures

// Load implements tuning.Source. Where the span turns out to hold more rows than may be held, it begins anew with a thinner sample: which one follows from the
// log alone. Memory: 130 bytes a row, and 100 for each event of the span and the week after.
func (s *DatasetSource) Load(ctx context.Context) (*tuning.Dataset, error) {
	total, err := s.log.sources.Decisions.DecisionsIn(ctx, engine.LogSpan{From: s.o.From, Until: s.o.Until})
	if err != nil {
		return nil, fmt.Errorf("read log: %w", err)
	}
	for thin := max(s.o.OneIn, 1); ; {
		b, columns, err := newDatasetBuilder()
		if err != nil {
			return nil, err
		}
		full := fmt.Errorf("more than %d offers", s.o.MaxRows)
		s.tally = Tally{}
		err = s.each(ctx, thin, total, func(d *Logged, placement int) error {
			if b.Rows()+len(d.Placements[placement].Offers) > s.o.MaxRows {
				return full
			}
			return addGroup(b, columns, s.group(d, placement))
		})
		if err == nil {
			return b.Dataset(), nil
		}
		if !errors.Is(err, full) {
			return nil, err
		}
		// As many offers a decision as so far, and a tenth to spare.
		perDecision := float64(b.Rows()) / float64(max(s.tally.Decisions, 1))
		thin = max(thin+1, uint64(math.Ceil(1.1*perDecision*float64(total)/float64(s.o.MaxRows))))
	}
}

// Each calls fn for each placement with offers, in the order of the log, without holding more than one. An error of fn ends it.
func (s *DatasetSource) Each(ctx context.Context, fn func(g *engine.DatasetGroup) error) error {
	s.tally = Tally{}
	return s.each(ctx, max(s.o.OneIn, 1), 0, func(d *Logged, placement int) error {
		g := s.group(d, placement)
		g.ID = d.ID + "/" + d.Placements[placement].ID
		return fn(g)
	})
}

func (s *DatasetSource) each(ctx context.Context, thin, total uint64, fn func(d *Logged, placement int) error) error {
	q := Query{From: s.o.From, Until: s.o.Until, Parts: datasetParts, OneIn: thin, Outcomes: true}
	if s.o.Label.InMoney() {
		q.Worth = s.worth
	}
	s.tally.OneIn = thin
	return s.log.Each(ctx, q, func(d *Logged) error {
		s.tally.Decisions++
		if s.o.Progress != nil && s.tally.Decisions%1024 == 0 {
			s.o.Progress(s.tally.Decisions*thin, max(total, s.tally.Decisions*thin))
		}
		for i := range d.Placements {
			if len(d.Placements[i].Offers) == 0 {
				s.tally.Empty++
				continue
			}
			if err := fn(d, i); err != nil {
				return err
			}
		}
		return nil
	})
}

// worth is what a redemption is worth in minor units of the currency; NaN where no rate is known.
func (s *DatasetSource) worth(r *engine.Redemption) float64 {
	m := engine.Money{Amount: r.Discount.Amount - r.RolledBack, Currency: r.Discount.Currency}
	if s.o.Label == engine.LabelPurchase {
		m = r.Purchase
	}
	x := s.o.Rates.On(r.Day)
	m, ok := x.Convert(m, s.o.Currency)
	if !ok {
		s.tally.Unconverted++
		return math.NaN()
	}
	return float64(m.Amount)
}

// seen reports whether it is known what came of an offer.
func (s *DatasetSource) seen(o Outcome) bool { return s.o.Seen == engine.SeenAnswers || o != 0 }

// label is what came of an offer that was seen.
func (s *DatasetSource) label(d *Logged, placement, offer int) float64 {
	switch s.o.Label {
	case engine.LabelRedemption:
		return truth(d.Outcome(placement, offer).Has(Redeemed))
	case engine.LabelDiscount, engine.LabelPurchase:
		return d.Worth(placement, offer)
	}
	return truth(d.Outcome(placement, offer).Has(Clicked))
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// row is what a data set is told of an offer.
func (s *DatasetSource) row(d *Logged, placement, offer int) engine.DatasetRow {
	o := &d.Placements[placement].Offers[offer]
	row := engine.DatasetRow{
		Offer: s.name(o), MerchantID: o.MerchantID, Features: o.Features, Score: o.Score, Shown: s.seen(d.Outcome(placement, offer)), Propensity: math.NaN(), Label: math.NaN(),
	}
	if !row.Shown {
		return row
	}
	row.Position, row.Label = o.Position, s.label(d, placement, offer)
	if o.Propensity > 0 && o.Propensity <= 1 {
		row.Propensity = o.Propensity
	}
	return row
}

// group tells a placement. It is valid until the next call.
func (s *DatasetSource) group(d *Logged, placement int) *engine.DatasetGroup {
	p, g := &d.Placements[placement], &s.scratch
	*g = engine.DatasetGroup{Time: d.Time, Hour: s.hour(d.Time, p.Offers[0].Venue.TimeZone), Rows: g.Rows[:0]}
	if d.Request != nil {
		s.describe(d.Request, g)
	}
	for n := range p.Offers {
		g.Rows = append(g.Rows, s.row(d, placement, n))
	}
	return g
}

// describe tells of whom and where.
func (s *DatasetSource) describe(r *engine.Request, g *engine.DatasetGroup) {
	g.UserID, g.Country = r.User.ID, r.User.HomeCountry
	if len(r.User.Languages) > 0 {
		g.Language = r.User.Languages[0]
	}
	switch n := len(r.User.Segments); {
	case n == 1:
		g.Segments = r.User.Segments[0]
	case n > 1:
		sorted := slices.Clone(r.User.Segments)
		slices.Sort(sorted)
		g.Segments = strings.Join(sorted, "|")
	}
	if s.o.Place != nil && r.Location != nil {
		g.Place = s.o.Place(r.Location)
	}
}

// hour is that by the clock of a zone; zones are remembered, since there are few.
func (s *DatasetSource) hour(t time.Time, name string) int {
	zone, known := s.zones[name]
	if !known {
		if zone, _ = time.LoadLocation(name); name == "" {
			zone = nil // as where the zone is not known
		}
		s.zones[name] = zone
	}
	if zone == nil {
		return -1
	}
	return t.In(zone).Hour()
}

type offerKey struct{ merchant, campaign, venue string }

// name is an offer's name across merchants, made once.
func (s *DatasetSource) name(o *engine.Offer) string {
	k := offerKey{o.MerchantID, o.CampaignID, o.Venue.ID}
	name, known := s.names[k]
	if !known {
		name = engine.QualifiedOfferID(k.merchant, k.campaign, k.venue)
		s.names[k] = name
	}
	return name
}

// newDatasetBuilder returns a builder with the columns of features. What an older log does not have counts 0.
func newDatasetBuilder() (b *tuning.Builder, columns []int, err error) {
	b = tuning.NewBuilder(0)
	for _, f := range scoring.Features() {
		c, err := b.Column(f.Name)
		if err != nil {
			return nil, nil, err
		}
		columns = append(columns, c)
	}
	return b, columns, nil
}

// addGroup adds a placement to a data set.
func addGroup(b *tuning.Builder, columns []int, g *engine.DatasetGroup) error {
	b.Begin(tuning.Group{User: g.UserID, Time: g.Time.UnixNano()})
	if g.Hour >= 0 {
		if err := b.Number("hour", float64(g.Hour)); err != nil {
			return err
		}
	}
	for _, c := range []struct{ name, text string }{{"language", g.Language}, {"country", g.Country}, {"segments", g.Segments}, {"place", g.Place}} {
		if c.text == "" {
			continue
		}
		if err := b.Text(c.name, c.text); err != nil {
			return err
		}
	}
	for i := range g.Rows {
		x := &g.Rows[i]
		row := tuning.Row{
			Item: x.Offer, Merchant: x.MerchantID, Label: x.Label, Weight: math.NaN(), Propensity: x.Propensity, Score: x.Score, Position: int32(x.Position),
			Shown: x.Shown, ShownKnown: true,
		}
		w := min(len(x.Features), len(columns))
		b.Add(row, columns[:w], x.Features[:w])
	}
	return nil
}
