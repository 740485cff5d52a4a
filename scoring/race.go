package scoring

import "math"

// Entrant is a candidate of whose score only a bound is known.
type Entrant struct {
	Bound float64 // its score is at most this; finite
	Ref   int32   // the caller's own number for it
	// Campaign, Merchant and Category are numbers of what a profile bounds, equal for those that count together. 0: it is bound by none.
	Campaign, Merchant, Category uint32
}

// Field finds out about entrants, which it is asked for by their Ref.
type Field interface {
	// Score returns an entrant's score, as Scorer.Score gives it; false where it may not be offered after all. It is asked at most
	// once for each entrant of a race.
	Score(ref int32) (score float64, ok bool)
	// Before reports whether the ID of one entrant is less than that of another. Of both the score is known.
	Before(a, b int32) bool
}

// Race chooses the entrants that Top would choose, and asks for as few scores as it can: it goes through them by their bounds, and
// is done when no bound is left that could come before what was chosen. The zero value is ready for use. It keeps its memory from one
// race to the next, and is not safe for concurrent use.
type Race struct {
	entrants []Entrant
	heap     []runner
	rest     float64 // the highest bound of those not yet on the line; -Inf: none
	field    Field
	chosen   []int32
	full     []int32   // that met a full bound
	tally    []Entrant // of chosen
}

// runner is an entrant on its way.
type runner struct {
	key   float64 // the score where it is known, the bound before
	at    int32   // index of the entrant
	known bool
}

// Top returns the Ref of up to k entrants, best first, by the rules of p: see Select. The slice is valid until the next call.
// Cost: linear in the entrants; and for each that is looked at a logarithm, the scores asked for, and a step for each chosen before it.
func (r *Race) Top(entrants []Entrant, k int, p *Profile, f Field) []int32 {
	r.entrants, r.field = entrants, f
	r.chosen, r.tally, r.full = r.chosen[:0], r.tally[:0], r.full[:0]
	r.line(2*k+spare, p.Floor)
	for len(r.chosen) < k {
		if r.rest >= p.Floor && (len(r.heap) == 0 || r.heap[0].key <= r.rest) {
			r.joinRest(p.Floor)
		}
		if len(r.heap) == 0 {
			break
		}
		first := r.heap[0]
		e := &entrants[first.at]
		switch {
		case first.key < p.Floor:
			r.heap = r.heap[:0]
		case r.isFull(e, p):
			r.full = append(r.full, e.Ref)
			r.drop()
		case first.known:
			r.chosen = append(r.chosen, e.Ref)
			r.tally = append(r.tally, *e)
			r.drop()
		default:
			r.settle(e)
		}
	}
	r.entrants, r.field = nil, nil
	return r.chosen
}

// Full returns the Ref of the entrants of the last race that had their turn when a bound of the profile was full. The slice is valid until the next race.
func (r *Race) Full() []int32 { return r.full }

// The line begins with the entrants of the highest bounds, found by counting them in steps: that is cheaper than to order all.
const (
	steps   = 256
	spare   = 32 // entrants on the line beyond twice those wanted
	sampled = 32 // entrants between whose bounds the steps are laid

	leastSpan = 1e-9 // that is divided into steps
)

// line puts some of the highest bounds on the line, or all where that is not many more.
func (r *Race) line(some int, floor float64) {
	r.heap, r.rest = r.heap[:0], math.Inf(-1)
	if n := len(r.entrants); n > some+some/2 && n >= sampled {
		if s, ok := newStair(r.entrants); ok {
			r.lineUp(s.bar(r.entrants, some), floor)
			return
		}
	}
	for i := range r.entrants {
		if bound := r.entrants[i].Bound; bound >= floor {
			r.heap = append(r.heap, runner{key: bound, at: int32(i)})
		}
	}
	r.order()
}

// lineUp puts those on the line whose bounds reach a bar.
func (r *Race) lineUp(bar, floor float64) {
	bar = max(bar, floor)
	for i := range r.entrants {
		if bound := r.entrants[i].Bound; bound >= bar {
			r.heap = append(r.heap, runner{key: bound, at: int32(i)})
		} else if bound > r.rest {
			r.rest = bound
		}
	}
	r.order()
}

// stair divides bounds into steps, the highest first. What is above or below belongs to the first or the last.
type stair struct{ high, scale float64 }

// newStair lays the steps between the bounds of a sample; false where they are too much alike.
func newStair(entrants []Entrant) (stair, bool) {
	low, high := math.Inf(1), math.Inf(-1)
	for i := 0; i < len(entrants); i += len(entrants) / sampled {
		low, high = min(low, entrants[i].Bound), max(high, entrants[i].Bound)
	}
	high += (high - low) / 4
	return stair{high, (steps - 1) / (high - low)}, high-low > leastSpan
}

func (s stair) step(bound float64) uint8 {
	return uint8(min(max(int((s.high-bound)*s.scale), 0), steps-1))
}

// bar returns a bound that at least some entrants reach, and not many more.
func (s stair) bar(entrants []Entrant, some int) float64 {
	var counts [steps]int32
	for i := range entrants {
		counts[s.step(entrants[i].Bound)]++
	}
	last := 0
	for n := int(counts[0]); n < some && last < steps-1; n += int(counts[last]) {
		last++
	}
	if last == steps-1 {
		return math.Inf(-1)
	}
	return s.high - float64(last+1)/s.scale
}

// joinRest puts those on the line that are not there yet.
func (r *Race) joinRest(floor float64) {
	for i := range r.entrants {
		if bound := r.entrants[i].Bound; bound <= r.rest && bound >= floor {
			r.heap = append(r.heap, runner{key: bound, at: int32(i)})
		}
	}
	r.rest = math.Inf(-1)
	r.order()
}

// order makes a heap of the line.
func (r *Race) order() {
	for i := len(r.heap)/2 - 1; i >= 0; i-- {
		r.sink(i)
	}
}

// settle gives the first runner its score.
func (r *Race) settle(e *Entrant) {
	score, ok := r.field.Score(e.Ref)
	if !ok {
		r.drop()
		return
	}
	r.heap[0].key, r.heap[0].known = score, true
	r.sink(0)
}

// drop takes the first runner out.
func (r *Race) drop() {
	last := len(r.heap) - 1
	r.heap[0] = r.heap[last]
	r.heap = r.heap[:last]
	r.sink(0)
}

// isFull reports whether a bound of the profile keeps an entrant out. What is full stays full.
func (r *Race) isFull(e *Entrant, p *Profile) bool {
	if p.MaxPerCampaign <= 0 && p.MaxPerMerchant <= 0 && p.MaxPerCategory <= 0 {
		return false
	}
	campaign, merchant, category := 0, 0, 0
	for i := range r.tally {
		c := &r.tally[i]
		if c.Campaign == e.Campaign {
			campaign++
		}
		if c.Merchant == e.Merchant {
			merchant++
		}
		if c.Category == e.Category {
			category++
		}
	}
	full := func(key uint32, count, most int) bool { return key != 0 && most > 0 && count >= most }
	return full(e.Campaign, campaign, p.MaxPerCampaign) || full(e.Merchant, merchant, p.MaxPerMerchant) || full(e.Category, category, p.MaxPerCategory)
}

// sink restores the order of the heap from node n down.
func (r *Race) sink(n int) {
	if n >= len(r.heap) {
		return
	}
	sunk := r.heap[n]
	for child := 2*n + 1; child < len(r.heap); child = 2*n + 1 {
		if right := child + 1; right < len(r.heap) && r.ahead(&r.heap[right], &r.heap[child]) {
			child = right
		}
		if !r.ahead(&r.heap[child], &sunk) {
			break
		}
		r.heap[n] = r.heap[child]
		n = child
	}
	r.heap[n] = sunk
}

// ahead reports whether one runner has its turn before another.
func (r *Race) ahead(a, b *runner) bool {
	if a.key != b.key {
		return a.key > b.key
	}
	return r.breaksTie(a, b)
}

// breaksTie reports which of two equals comes first: the bounds do, since their scores may be as high.
func (r *Race) breaksTie(a, b *runner) bool {
	if a.known != b.known {
		return b.known
	}
	return a.known && r.field.Before(r.entrants[a.at].Ref, r.entrants[b.at].Ref)
}
