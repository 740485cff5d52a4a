package analysis

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// Sources are what a Log reads.
type Sources struct {
	Decisions engine.DecisionScan // required
	Events    engine.EventScan    // nil: no outcomes can be asked for
	Accounts  engine.Accounts     // nil: redemptions are not among the outcomes
}

// Log reads decisions with what came of them. It is safe for concurrent use.
type Log struct{ sources Sources }

// NewLog returns a log over what is kept.
func NewLog(s Sources) *Log { return &Log{s} }

// Query says what to read.
type Query struct {
	From, Until time.Time            // of the decisions; the end is exclusive; both required
	Parts       engine.DecisionParts // of each decision
	// MerchantID leaves out events of other merchants, and most decisions without offers of this one. Empty: nothing is left out.
	MerchantID string
	// Mentions leaves out most decisions that do not hold this text, where no MerchantID does. Empty: nothing is left out.
	Mentions string
	OneIn    uint64 // thins the log out, see engine.LogSpan
	// Outcomes asks for what came of the offers: see Logged.Outcome. With it PartOffers is read.
	Outcomes bool
	// Worth is what a redemption is worth; with it Logged.Worth adds up those of an offer. Nil: nothing is.
	Worth func(*engine.Redemption) float64
	// Horizon is how long after a decision was logged events of it are waited for; 0: DefaultHorizon.
	Horizon time.Duration
	// Settled leaves out redemptions of which something changed at or after a time; zero: none.
	Settled time.Time
}

// DefaultHorizon is longer than an event may be late.
const DefaultHorizon = 8 * 24 * time.Hour

// logSlack is how long after its moment a decision may have been logged. What was asked for another moment than the present, as analysts
// may, is further off and not read.
const logSlack = 10 * time.Minute

// Outcome is what came of an offer: any of the flags below.
type Outcome uint8

// The flags of an Outcome.
const (
	Shown Outcome = 1 << iota // there was an impression
	Clicked
	Saved
	Dismissed
	Redeemed // used, and not rolled back as a whole
)

// Has reports whether any of some flags is set.
func (o Outcome) Has(some Outcome) bool { return o&some != 0 }

// outcomeOf returns the flag of an event; 0 for a type that is not known.
func outcomeOf(t engine.EventType) Outcome {
	switch t {
	case engine.EventImpression:
		return Shown
	case engine.EventClick:
		return Clicked
	case engine.EventSave:
		return Saved
	case engine.EventDismiss:
		return Dismissed
	}
	return 0
}

// Logged is a decision and what came of its offers. It and its slices are valid until the function that was called with it returns; strings may be kept.
type Logged struct {
	*engine.Decision
	outcomes []Outcome // of all offers, placement by placement
	worths   []float64 // as outcomes, where redemptions are worth something
	begins   []int     // of each placement in outcomes
}

// Outcome returns what came of an offer, by indexes.
func (l *Logged) Outcome(placement, offer int) Outcome {
	if l.outcomes == nil {
		return 0
	}
	return l.outcomes[l.begins[placement]+offer]
}

// Worth returns what the redemptions of an offer are worth together, see Query.Worth, by indexes.
func (l *Logged) Worth(placement, offer int) float64 {
	if l.worths == nil {
		return 0
	}
	return l.worths[l.begins[placement]+offer]
}

// Each calls fn for each decision of a query, in the order in which they were logged. An error of fn ends it and is returned as it is. Memory: with outcomes
// the events of a horizon and the redemptions of the whole time, some 100 bytes each; nothing else grows.
func (l *Log) Each(ctx context.Context, q Query, fn func(*Logged) error) error {
	if q.From.IsZero() || q.Until.IsZero() {
		return errors.New("read log: it needs both ends of a time")
	}
	if q.Outcomes {
		q.Parts |= engine.PartOffers
	}
	if q.Horizon == 0 {
		q.Horizon = DefaultHorizon
	}
	j := &joiner{log: l, query: &q, pending: make(map[key]int32), read: q.From}
	if q.Outcomes && l.sources.Accounts != nil {
		if err := j.loadRedemptions(ctx); err != nil {
			return fmt.Errorf("read log: %w", err)
		}
	}
	mentions := q.MerchantID
	if mentions == "" {
		mentions = q.Mentions
	}
	end := q.Until.Add(logSlack)
	for from := q.From; from.Before(end); from = from.Add(chunk) {
		until := from.Add(chunk)
		if until.After(end) {
			until = end
		}
		if q.Outcomes {
			if err := j.readEvents(ctx, until.Add(q.Horizon)); err != nil {
				return fmt.Errorf("read log: %w", err)
			}
		}
		span := engine.LogSpan{From: from, Until: until, OneIn: q.OneIn}
		err := l.sources.Decisions.ScanDecisions(ctx, span, q.Parts, mentions, func(d *engine.Decision) error {
			if d.Time.Before(q.From) || !d.Time.Before(q.Until) {
				return nil
			}
			return fn(j.join(d))
		})
		if err != nil {
			return err
		}
		j.forget(from)
	}
	return nil
}

// chunk is how much of the log is joined at once.
const chunk = 24 * time.Hour

// key stands for a decision's or an event's ID.
type key [16]byte

func keyOf(id string) (k key) {
	if len(id) == 36 {
		var digits [32]byte
		n := copy(digits[:], id[:8])
		n += copy(digits[n:], id[9:13])
		n += copy(digits[n:], id[14:18])
		n += copy(digits[n:], id[19:23])
		copy(digits[n:], id[24:])
		if _, err := hex.Decode(k[:], digits[:]); err == nil {
			return k
		}
	}
	h := sha256.Sum256([]byte(id))
	return key(h[:16])
}

// happening is an event of a decision that is yet to come. It holds no pointers: there are millions.
type happening struct {
	id        key    // of the event
	next      int32  // index of another one of the same decision, or of one that is free; 0: there is none
	placement uint16 // number
	position  uint16
	flag      Outcome
}

// sale is a redemption that names a decision.
type sale struct {
	campaign engine.CampaignRef
	venue    string
	worth    float64
}

// joiner puts decisions and outcomes together.
type joiner struct {
	log        *Log
	query      *Query
	pending    map[key]int32 // index of the first happening of a decision, from 1
	happenings []happening   // 0 is nobody's
	free       int32         // index of the first that is
	placements []string      // by number
	sales      map[key][]sale
	read       time.Time // events received before are in pending
	row        Logged
}

// loadRedemptions reads those that name a decision of the query's time.
func (j *joiner) loadRedemptions(ctx context.Context) error {
	j.sales = make(map[key][]sale)
	accounts := j.log.sources.Accounts
	return accounts.EachAccount(ctx, func(c engine.CampaignRef) error {
		return accounts.EachRedemption(ctx, c, func(r engine.Redemption) error {
			at, ok := engine.UUID7Time(r.DecisionID)
			if r.Status != engine.Confirmed || !ok || at.Before(j.query.From.Truncate(time.Millisecond)) || !at.Before(j.query.Until) {
				return nil
			}
			if !j.query.Settled.IsZero() && !r.Settled.Before(j.query.Settled) {
				return nil
			}
			s, k := sale{campaign: c, venue: r.VenueID}, keyOf(r.DecisionID)
			if j.query.Worth != nil {
				s.worth = j.query.Worth(&r)
			}
			j.sales[k] = append(j.sales[k], s)
			return nil
		})
	})
}

// readEvents reads those that were received until a time and not yet read.
func (j *joiner) readEvents(ctx context.Context, until time.Time) error {
	span := engine.LogSpan{From: j.read, Until: until}
	j.read = until
	return j.log.sources.Events.ScanEvents(ctx, span, func(e *engine.Event) error {
		flag := outcomeOf(e.Type)
		if flag == 0 || j.query.MerchantID != "" && e.MerchantID != j.query.MerchantID {
			return nil
		}
		if at, ok := engine.UUID7Time(e.DecisionID); ok && (at.Before(j.query.From.Truncate(time.Millisecond)) || !at.Before(j.query.Until)) {
			return nil
		}
		j.note(e, flag)
		return nil
	})
}

// note keeps an event for its decision, once.
func (j *joiner) note(e *engine.Event, flag Outcome) {
	k, h := keyOf(e.DecisionID), happening{id: keyOf(e.ID), placement: j.placement(e.Placement), position: uint16(e.Position), flag: flag}
	if e.Position < 0 || e.Position > math.MaxUint16 {
		return // no offer is there
	}
	h.next = j.pending[k]
	for at := h.next; at > 0; at = j.happenings[at].next {
		if x := &j.happenings[at]; x.id == h.id && x.flag == flag && x.position == h.position && x.placement == h.placement {
			return
		}
	}
	at := j.free
	if at > 0 {
		j.free = j.happenings[at].next
		j.happenings[at] = h
	} else {
		if len(j.happenings) == 0 {
			j.happenings = append(j.happenings, happening{})
		}
		at = int32(len(j.happenings))
		j.happenings = append(j.happenings, h)
	}
	j.pending[k] = at
}

// placement numbers the names of placements, of which there are few.
func (j *joiner) placement(name string) uint16 {
	for n, known := range j.placements {
		if known == name {
			return uint16(n)
		}
	}
	if len(j.placements) == math.MaxUint16 {
		return math.MaxUint16
	}
	j.placements = append(j.placements, name)
	return uint16(len(j.placements) - 1)
}

// release gives the happenings of a decision free.
func (j *joiner) release(k key) {
	first, ok := j.pending[k]
	if !ok {
		return
	}
	delete(j.pending, k)
	last := first
	for j.happenings[last].next > 0 {
		last = j.happenings[last].next
	}
	j.happenings[last].next, j.free = j.free, first
}

// join finds what came of a decision's offers.
func (j *joiner) join(d *engine.Decision) *Logged {
	j.row.Decision = d
	if !j.query.Outcomes {
		return &j.row
	}
	j.row.outcomes, j.row.begins, j.row.worths = j.row.outcomes[:0], j.row.begins[:0], j.row.worths[:0]
	for i := range d.Placements {
		j.row.begins = append(j.row.begins, len(j.row.outcomes))
		for range d.Placements[i].Offers {
			j.row.outcomes = append(j.row.outcomes, 0)
		}
	}
	if j.query.Worth != nil {
		j.row.worths = slices.Grow(j.row.worths, len(j.row.outcomes))[:len(j.row.outcomes)]
		clear(j.row.worths)
	}
	k := keyOf(d.ID)
	for at := j.pending[k]; at > 0; at = j.happenings[at].next {
		j.happen(d, &j.happenings[at])
	}
	j.release(k)
	for _, s := range j.sales[k] {
		j.sell(d, s)
	}
	return &j.row
}

func (j *joiner) happen(d *engine.Decision, h *happening) {
	if int(h.placement) >= len(j.placements) {
		return
	}
	name := j.placements[h.placement]
	for i := range d.Placements {
		p := &d.Placements[i]
		if p.ID != name {
			continue
		}
		for n := range p.Offers {
			if p.Offers[n].Position == int(h.position) {
				j.row.outcomes[j.row.begins[i]+n] |= h.flag
			}
		}
		return
	}
}

// sell gives a sale to the first offer of its name that was tapped, or else shown, or else made.
func (j *joiner) sell(d *engine.Decision, s sale) {
	best, at := -1, 0
	for i := range d.Placements {
		for n := range d.Placements[i].Offers {
			o := &d.Placements[i].Offers[n]
			if o.CampaignID != s.campaign.CampaignID || o.MerchantID != s.campaign.MerchantID || o.Venue.ID != s.venue {
				continue
			}
			where := j.row.begins[i] + n
			rank := 0
			switch got := j.row.outcomes[where]; {
			case got.Has(Clicked):
				rank = 2
			case got.Has(Shown):
				rank = 1
			}
			if rank > best {
				best, at = rank, where
			}
		}
	}
	if best < 0 {
		return
	}
	j.row.outcomes[at] |= Redeemed
	if j.query.Worth != nil {
		j.row.worths[at] += s.worth
	}
}

// forget drops what names decisions that should have been logged before a time.
func (j *joiner) forget(before time.Time) {
	for k := range j.pending {
		ms := int64(k[0])<<40 | int64(k[1])<<32 | int64(k[2])<<24 | int64(k[3])<<16 | int64(k[4])<<8 | int64(k[5])
		if ms < before.Add(-logSlack).UnixMilli() {
			j.release(k)
		}
	}
}
