package geo

import "slices"

// shard is what an index keeps of some squares and cells, in one array without a pointer. It is immutable.
//
// Its words: the number of slots, and three for each, ascending by key: the key, mixed, the higher half first, and where its entry begins. The entries follow. Keys being mixed, a slot
// lies about where its key's share of all keys puts it. A key is a square's number or a cell's.
//
// An entry is what a lookup needs, in the order in which it needs it:
//
//	counts     of each kind of posting: in one word where they are small, or else in one that says so and four more
//	marks      a word, if there are any: a bit for each resolution of cells that are worth asking for here
//	span       four words, if there are clips: that of the square
//	whole      handles
//	asked      handles
//	round      three words each: a handle and its disc
//	clipped    a handle and its clip, the number of whose words is in its head
type shard []uint32

const (
	slotWords = 3
	discWords = 3
	spanWords = 4
)

// Of the word of counts.
const (
	countsMany  = 1 << 31 // the counts of whole, asked, round and clipped are in the next four words
	countsMarks = 1 << 30
)

// countBits and countShifts are the parts of the word of counts, by kind.
var (
	countBits   = [marked]int{whole: 8, asked: 4, round: 9, clipped: 9}
	countShifts = [marked]int{whole: 0, asked: 8, round: 12, clipped: 21}
)

// find returns where the entry of a mixed key begins; 0 for none.
func (s shard) find(key uint64) uint32 {
	if len(s) == 0 {
		return 0
	}
	n := int(s[0])
	slots := s[1 : 1+slotWords*n]
	// the bits of a key that number shards are the same for all keys of one
	high, low := uint32(key>>32), uint32(key)
	i := int(uint64(uint32(key<<shardBits>>32)) * uint64(n) >> 32)
	for ; i > 0 && slots[slotWords*(i-1)] >= high; i-- {
	}
	for ; i < n && slots[slotWords*i] <= high; i++ {
		if slots[slotWords*i] == high && slots[slotWords*i+1] == low {
			return slots[slotWords*i+2]
		}
	}
	return 0
}

// entry is an entry taken apart. Its arrays are the shard's own.
type entry struct {
	marks               uint32
	span                []uint32
	whole, asked, round []uint32
	clips               uint32   // number of those clipped
	clipped             []uint32 // these, and what follows in the shard
}

func (s shard) entry(at uint32) (e entry) {
	counts := s[at]
	at++
	n, a, r, c := counts&255, counts>>8&15, counts>>12&511, counts>>21&511
	if counts&countsMany != 0 {
		n, a, r, c = s[at], s[at+1], s[at+2], s[at+3]
		at += 4
	}
	if counts&countsMarks != 0 {
		e.marks = s[at]
		at++
	}
	if c > 0 {
		e.span = s[at : at+spanWords]
		at += spanWords
	}
	rest := s[at:]
	e.whole, rest = rest[:n], rest[n:]
	e.asked, rest = rest[:a], rest[a:]
	e.round, rest = rest[:discWords*r], rest[discWords*r:]
	e.clips, e.clipped = c, rest
	return e
}

// clipWords is the number of words of a handle and its clip.
func clipWords(words []uint32) int { return 2 + int(words[1]&255) }

// merger makes shards anew. It belongs to one goroutine, and keeps its room.
type merger struct {
	sorted  []change
	slots   []uint32
	entries []uint32
	lists   [marked][]uint32
}

// merge returns the shard with changes, ascending by key, departures first; nil for an empty one.
func (m *merger) merge(s shard, changes []change, words []uint32) shard {
	m.slots, m.entries = m.slots[:0], m.entries[:0]
	var slots []uint32
	if len(s) > 0 {
		slots = s[1 : 1+slotWords*int(s[0])]
	}
	for len(slots) > 0 || len(changes) > 0 {
		if len(slots) > 0 && (len(changes) == 0 || slotKey(slots) < changes[0].key) {
			m.slots = append(m.slots, slots[0], slots[1], uint32(len(m.entries)))
			m.entries = append(m.entries, s[slots[2]:s.entryEnd(slots)]...)
			slots = slots[slotWords:]
			continue
		}
		key, n := changes[0].key, 0
		for n < len(changes) && changes[n].key == key {
			n++
		}
		var e entry
		if len(slots) > 0 && slotKey(slots) == key {
			e = s.entry(slots[2])
			slots = slots[slotWords:]
		}
		begin := len(m.entries)
		m.entry(key, e, changes[:n], words)
		changes = changes[n:]
		if len(m.entries) > begin {
			m.slots = append(m.slots, uint32(key>>32), uint32(key), uint32(begin))
		}
	}
	if len(m.slots) == 0 {
		return nil
	}
	base := 1 + len(m.slots)
	made := make(shard, base+len(m.entries))
	made[0] = uint32(len(m.slots) / slotWords)
	copy(made[1:], m.slots)
	for i := 3; i < base; i += slotWords {
		made[i] += uint32(base)
	}
	copy(made[base:], m.entries)
	return made
}

// entryEnd returns where the entry of the first of some last slots ends: entries are in the order of their slots.
func (s shard) entryEnd(slots []uint32) uint32 {
	if len(slots) > slotWords {
		return slots[slotWords+2]
	}
	return uint32(len(s))
}

func slotKey(slots []uint32) uint64 { return uint64(slots[0])<<32 | uint64(slots[1]) }

// entry appends an entry with changes; nothing, if it is empty.
func (m *merger) entry(key uint64, old entry, changes []change, words []uint32) {
	gone := 0
	for gone < len(changes) && changes[gone].what == takeAway {
		gone++
	}
	for k := range m.lists {
		m.lists[k] = m.lists[k][:0]
	}
	var counts [marked]int
	m.keep(&counts, old, changes[:gone])
	marks := old.marks
	for _, c := range changes[gone:] {
		data := words[c.at : c.at+c.size]
		if k := kind(c.what - put); k == marked {
			marks |= data[0]
		} else {
			m.lists[k] = append(append(m.lists[k], c.handle), data...)
			counts[k]++
		}
	}
	if marks == 0 && counts == [marked]int{} {
		return
	}
	head, many := uint32(0), false
	for k, n := range counts {
		many = many || n>>countBits[k] != 0
		head |= uint32(n) << countShifts[k]
	}
	if many {
		head = countsMany
	}
	if marks != 0 {
		head = head&^countsMarks | countsMarks
	}
	m.entries = append(m.entries, head)
	if many {
		for _, n := range counts {
			m.entries = append(m.entries, uint32(n))
		}
	}
	if marks != 0 {
		m.entries = append(m.entries, marks)
	}
	if counts[clipped] > 0 {
		if old.span != nil {
			m.entries = append(m.entries, old.span...)
		} else {
			m.entries = square(unmixed(key)).appendSpan(m.entries)
		}
	}
	for _, list := range m.lists {
		m.entries = append(m.entries, list...)
	}
}

// keep takes over the postings that stay.
func (m *merger) keep(counts *[marked]int, old entry, gone []change) {
	size := 0
	for range old.clips {
		size += clipWords(old.clipped[size:])
	}
	*counts = [marked]int{whole: len(old.whole), asked: len(old.asked), round: len(old.round) / discWords, clipped: int(old.clips)}
	for k, list := range [marked][]uint32{whole: old.whole, asked: old.asked, round: old.round, clipped: old.clipped[:size]} {
		if len(gone) == 0 {
			m.lists[k] = append(m.lists[k], list...)
			continue
		}
		for size := 1; len(list) > 0; list = list[size:] {
			switch kind(k) {
			case round:
				size = discWords
			case clipped:
				size = clipWords(list)
			}
			if slices.ContainsFunc(gone, func(c change) bool { return c.handle == list[0] }) {
				counts[k]--
				continue
			}
			m.lists[k] = append(m.lists[k], list[:size]...)
		}
	}
}
