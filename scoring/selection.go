package scoring

import (
	"cmp"
	"slices"
)

// Candidate is what Select has to know of an offer.
type Candidate struct {
	Score    float64
	ID       string // unique among the candidates: it breaks ties
	Campaign string // key of the campaign: of two merchants' campaigns of one name, each has its own
	Merchant string
	Category string // empty: unknown, and then bound by no category
}

// Outcome is what became of a candidate: zero is chosen, otherwise every reason against it.
type Outcome uint8

// The reasons of an Outcome. Each bound is one of the profile's.
const (
	BelowFloor   Outcome = 1 << iota // score under the floor, or not a number
	CampaignFull                     // MaxPerCampaign offers of its campaign are chosen before it
	MerchantFull                     // MaxPerMerchant of its merchant
	CategoryFull                     // MaxPerCategory of its category
	Outranked                        // the list was full before it

	Diversity = CampaignFull | MerchantFull | CategoryFull // any of the three

	Chosen Outcome = 0
)

// Has reports whether any of the reasons of mask is among those of o.
func (o Outcome) Has(mask Outcome) bool { return o&mask != 0 }

// Select chooses up to k candidates by the rules of p: Floor, MaxPerCampaign, MaxPerMerchant and MaxPerCategory. It goes
// through them in their total order, by score descending and then by ID ascending, and takes each that is not under the
// floor and does not meet a full bound, until k are chosen. It returns their indexes, best first, and an outcome for every
// candidate, by index, with all the reasons that hold at its turn. Cost: a sort.
func Select(cands []Candidate, k int, p *Profile) (chosen []int, outcomes []Outcome) {
	order := make([]int, len(cands))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return compare(cands, i, j) })

	outcomes = make([]Outcome, len(cands))
	list := newList(k, p)
	for _, i := range order {
		outcomes[i] = list.offer(cands, i)
	}
	return list.chosen, outcomes
}

// Top chooses as Select does, for a caller who does not ask about the rest. Cost: linear in the candidates, and a
// logarithm for each that is looked at until k are chosen.
func Top(cands []Candidate, k int, p *Profile) []int {
	heap := make([]int, 0, len(cands))
	for i := range cands {
		if cands[i].Score >= p.Floor {
			heap = append(heap, i)
		}
	}
	for i := len(heap)/2 - 1; i >= 0; i-- {
		sink(cands, heap, i)
	}
	list := newList(k, p)
	for len(heap) > 0 && len(list.chosen) < k {
		list.offer(cands, heap[0])
		last := len(heap) - 1
		heap[0] = heap[last]
		heap = heap[:last]
		sink(cands, heap, 0)
	}
	return list.chosen
}

// sink restores the order of a heap, its best candidate first, from node n down.
func sink(cands []Candidate, heap []int, n int) {
	for {
		child := 2*n + 1
		if child >= len(heap) {
			return
		}
		if right := child + 1; right < len(heap) && compare(cands, heap[right], heap[child]) < 0 {
			child = right
		}
		if compare(cands, heap[n], heap[child]) <= 0 {
			return
		}
		heap[n], heap[child] = heap[child], heap[n]
		n = child
	}
}

// compare is the total order: what is not a number comes last, and equals by their indexes.
func compare(cands []Candidate, i, j int) int {
	a, b := &cands[i], &cands[j]
	if c := cmp.Compare(b.Score, a.Score); c != 0 {
		return c
	}
	if c := cmp.Compare(a.ID, b.ID); c != 0 {
		return c
	}
	return cmp.Compare(i, j)
}

// list is the list of one placement as it fills.
type list struct {
	k                                int
	p                                *Profile
	chosen                           []int
	campaigns, merchants, categories bound
}

func newList(k int, p *Profile) *list {
	return &list{
		k: k, p: p, chosen: []int{},
		campaigns: newBound(p.MaxPerCampaign), merchants: newBound(p.MaxPerMerchant), categories: newBound(p.MaxPerCategory),
	}
}

// offer takes candidate i into the list or tells every reason against it.
func (l *list) offer(cands []Candidate, i int) Outcome {
	c := &cands[i]
	var o Outcome
	if !(c.Score >= l.p.Floor) {
		o |= BelowFloor
	}
	if l.campaigns.full(c.Campaign) {
		o |= CampaignFull
	}
	if l.merchants.full(c.Merchant) {
		o |= MerchantFull
	}
	if c.Category != "" && l.categories.full(c.Category) {
		o |= CategoryFull
	}
	if len(l.chosen) >= l.k {
		o |= Outranked
	}
	if o == Chosen {
		l.chosen = append(l.chosen, i)
		l.campaigns.add(c.Campaign)
		l.merchants.add(c.Merchant)
		l.categories.add(c.Category)
	}
	return o
}

// bound counts what was chosen by key; a maximum of 0 is none.
type bound struct {
	max    int
	counts map[string]int
}

func newBound(max int) bound {
	if max <= 0 {
		return bound{}
	}
	return bound{max: max, counts: make(map[string]int)}
}

func (b bound) full(key string) bool { return b.max > 0 && b.counts[key] >= b.max }

func (b bound) add(key string) {
	if b.max > 0 {
		b.counts[key]++
	}
}
