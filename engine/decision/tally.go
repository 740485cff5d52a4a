package decision

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// TallyLog is a decision log that keeps with the decisions what became of their candidates.
type TallyLog interface {
	// AppendTallied is AppendDecisions for decisions that are in no log yet, and keeps tallies in the transaction of the last of them. The tallies are the caller's again when it returns.
	AppendTallied(ctx context.Context, ds []*engine.Decision, tallies []engine.Tally) error
}

// TallyOnceLog is the like for decisions with an idempotency key.
type TallyOnceLog interface {
	// AppendTalliedOnce is AppendDecisionOnce, and keeps tallies where the decision is kept.
	AppendTalliedOnce(ctx context.Context, once *engine.Once, d *engine.Decision, tallies []engine.Tally) (*engine.Decision, error)
}

// tallier adds marks up. Marks of one snapshot and quarter of an hour are counted by word, in a table that fits into a cache; what the words mean is asked
// once for each of them.
type tallier struct {
	snap    *engine.Snapshot
	quarter time.Time
	words   []uint64 // a hash table of open addressing, by word; its size is a power of two
	counts  []uint32 // 0: free
	used    int
	numbers map[*engine.Listing]uint64 // of listings that marks name
	named   []*engine.Listing          // by number
	sorted  []uint64
	done    []engine.Tally
}

const (
	quarterHour = 15 * time.Minute
	tableSize   = 1 << 12
	maxWords    = 1 << 16 // of a table, about: then tallies are made of it
)

// add counts the marks of a decision.
func (t *tallier) add(m *marks) {
	if m == nil || m.snap == nil {
		return
	}
	if quarter := m.at.UTC().Truncate(quarterHour); t.snap != m.snap || !t.quarter.Equal(quarter) || t.used > maxWords {
		t.fold()
		t.snap, t.quarter = m.snap, quarter
	}
	for i, word := range m.words {
		n := uint32(1)
		if i < m.shared {
			n = m.slots
		}
		if word&listed != 0 {
			word = listed | t.numberOf(m.listings[word&^listed>>markBits])<<markBits | word&(1<<markBits-1)
		}
		t.count(word, n)
	}
}

// numberOf numbers listings for as long as the table is not folded.
func (t *tallier) numberOf(l *engine.Listing) uint64 {
	n, known := t.numbers[l]
	if !known {
		if t.numbers == nil {
			t.numbers = make(map[*engine.Listing]uint64)
		}
		n = uint64(len(t.named))
		t.numbers[l], t.named = n, append(t.named, l)
	}
	return n
}

// count adds to a word of the table.
func (t *tallier) count(word uint64, n uint32) {
	if 2*t.used >= len(t.words) {
		t.grow()
	}
	for at := slotOf(word, len(t.words)); ; at = (at + 1) & (len(t.words) - 1) {
		switch {
		case t.counts[at] == 0:
			t.words[at], t.counts[at] = word, n
			t.used++
			return
		case t.words[at] == word:
			t.counts[at] += n
			return
		}
	}
}

// slotOf spreads words by Fibonacci hashing (Knuth, The Art of Computer Programming 3, section 6.4).
func slotOf(word uint64, size int) int { return int(word*0x9e3779b97f4a7c15>>32) & (size - 1) }

func (t *tallier) grow() {
	words, counts := t.words, t.counts
	size := max(2*len(words), tableSize)
	t.words, t.counts, t.used = make([]uint64, size), make([]uint32, size), 0
	for i, n := range counts {
		if n > 0 {
			t.count(words[i], n)
		}
	}
}

// fold makes tallies of the table, one for each fence or listing, and empties it.
func (t *tallier) fold() {
	t.sorted = t.sorted[:0]
	for i, n := range t.counts {
		if n > 0 {
			t.sorted = append(t.sorted, t.words[i])
		}
	}
	slices.Sort(t.sorted)
	counts := make([]engine.Tallied, 0, len(t.sorted))
	for i := 0; i < len(t.sorted); {
		of, begin := t.sorted[i]>>markBits, len(counts)
		l := t.listingOf(t.sorted[i])
		for ; i < len(t.sorted) && t.sorted[i]>>markBits == of; i++ {
			if l != nil {
				counts = tallied(counts, begin, codeOf(l, t.sorted[i]&(1<<markBits-1)), int64(t.countOf(t.sorted[i])))
			}
		}
		if l != nil {
			t.done = append(t.done, engine.Tally{CampaignRef: engine.CampaignRef{MerchantID: l.Merchant.ID, CampaignID: l.ID}, Quarter: t.quarter, Counts: counts[begin:len(counts):len(counts)]})
		}
	}
	clear(t.counts)
	clear(t.numbers)
	clear(t.named)
	t.used, t.named, t.snap = 0, t.named[:0], nil
}

// tallied adds to the counts of a tally, which begin somewhere in a list and ascend by code.
func tallied(list []engine.Tallied, begin int, code engine.ReasonCode, n int64) []engine.Tallied {
	i, found := slices.BinarySearchFunc(list[begin:], code, func(x engine.Tallied, code engine.ReasonCode) int { return cmp.Compare(x.Code, code) })
	if found {
		list[begin+i].Count += n
		return list
	}
	return slices.Insert(list, begin+i, engine.Tallied{Code: code, Count: n})
}

// listingOf returns whose mark a word is; nil for a fence that the snapshot has no more.
func (t *tallier) listingOf(word uint64) *engine.Listing {
	if word&listed != 0 {
		return t.named[word&^listed>>markBits]
	}
	return t.snap.Holders.At(uint32(word >> markBits)).Listing
}

// countOf returns the count of a word that is in the table.
func (t *tallier) countOf(word uint64) uint32 {
	at := slotOf(word, len(t.words))
	for t.counts[at] == 0 || t.words[at] != word {
		at = (at + 1) & (len(t.words) - 1)
	}
	return t.counts[at]
}

// codeOf returns the reason that a mark tells, 0 for none: of several rules that do not hold the one that is asked first.
func codeOf(l *engine.Listing, mark uint64) engine.ReasonCode {
	switch {
	case mark == 0 || mark >= sifted:
		return engine.ReasonCode(mark)
	case l.Campaign().Status != engine.StatusEnabled:
		return engine.NotEnabled
	case mark&(notDuring|notInWindow) != 0:
		return engine.NotInFlight
	case mark&blackedOut != 0:
		return engine.BlackedOut
	case mark&notOpen != 0:
		return engine.VenueClosed
	case mark&notAccepted != 0:
		return engine.PartnerNotAccepted
	case mark&notSpoken != 0:
		return engine.LanguageNotOffered
	}
	return engine.AudienceNotMatched
}

// isEmpty reports whether nothing was counted since it was begun afresh.
func (t *tallier) isEmpty() bool { return t.used == 0 && len(t.done) == 0 }

// take returns the tallies so far, one of each campaign and quarter, ascending, and begins afresh.
func (t *tallier) take() []engine.Tally {
	t.fold()
	done := t.done
	t.done = nil
	slices.SortStableFunc(done, func(a, b engine.Tally) int {
		return cmp.Or(a.CampaignRef.Compare(b.CampaignRef), a.Quarter.Compare(b.Quarter))
	})
	n := 0
	for i := range done {
		if n > 0 && done[n-1].CampaignRef == done[i].CampaignRef && done[n-1].Quarter.Equal(done[i].Quarter) {
			for _, c := range done[i].Counts {
				done[n-1].Counts = tallied(done[n-1].Counts, 0, c.Code, c.Count)
			}
			continue
		}
		done[n] = done[i]
		n++
	}
	return done[:n]
}
