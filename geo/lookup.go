package geo

import (
	"math"
	"math/bits"
)

// Lookup appends the handles of the fences that hold p, in no particular order, each once. Cost: a probe for each level at which there is anything about, a step for each fence at the
// squares of p, and the exact test for the few that this leaves open; for sets of cells the cell of p, which the library is asked for, at each resolution marked there.
func (x *Index) Lookup(dst []uint32, p LatLng) []uint32 {
	if x == nil || x.count == 0 {
		return dst
	}
	q := query{index: x, at: p, vector: p.vector()}
	if math.IsNaN(q.vector[0] + q.vector[2]) {
		return dst
	}
	grid := gridAt(q.vector)
	mask := x.guide.at(grid)
	if mask == 0 {
		return dst
	}
	// shards are fetched before the first is looked into, so that waiting for one is waiting for all
	var shards [levels]shard
	var keys [levels]uint64
	var at [levels]square
	n := 0
	for rest := mask; rest != 0; n++ {
		var level int
		level, rest = lowestLevel(rest)
		at[n] = grid.at(level)
		keys[n] = mixed(uint64(at[n]))
		shards[n] = x.directory.shard(keys[n])
	}
	var entries [levels]uint32
	for i := range n {
		entries[i] = shards[i].find(keys[i])
	}
	for i := range n {
		if entries[i] > 0 {
			dst = q.settle(dst, at[i], shards[i].entry(entries[i]))
		}
	}
	for marks := q.marks; marks != 0; marks &= marks - 1 {
		dst = q.cell(dst, bits.TrailingZeros32(marks))
	}
	return dst
}

// query is one lookup.
type query struct {
	index  *Index
	at     LatLng
	vector [3]float64
	marks  uint32 // of the squares seen
	cells  cellsOf
}

// settle appends the handles of an entry that hold the point.
func (q *query) settle(dst []uint32, s square, e entry) []uint32 {
	q.marks |= e.marks
	dst = append(dst, e.whole...)
	for _, handle := range e.asked {
		dst = q.ask(dst, handle)
	}
	if len(e.round) > 0 {
		dst = q.discs(dst, s, e.round)
	}
	if e.clips > 0 {
		dst = q.clips(dst, e)
	}
	return dst
}

// postingsAtOnce is the number of postings after which those that hold the point are appended.
const postingsAtOnce = 128

// discs tells of each disc by its distance whether it holds the point, with no branch that depends on it: one in some hundreds is left open.
func (q *query) discs(dst []uint32, s square, discs []uint32) []uint32 {
	plane := s.plane()
	px, py := rounded(plane.at(q.vector))
	steep, least := steepness[s.level()], int64(0)
	if steep == 0 {
		least = 1 // no distance is less
	}
	var inside [postingsAtOnce]uint32
	for len(discs) > 0 {
		some := discs[:min(len(discs), discWords*postingsAtOnce)]
		discs = discs[len(some):]
		n := 0
		for ; len(some) >= discWords; some = some[discWords:] {
			handle, center, radius := some[0], some[1], int64(some[2])
			dx, dy := px-int64(int16(center)), py-int64(int32(center)>>16)
			away := dx*dx + dy*dy
			outer, inner := radius+discBand, (radius-discBand)*steep>>16
			inside[n%postingsAtOnce] = handle
			rest := inner*inner - least - away
			if rest < 0 && away <= outer*outer {
				dst = q.ask(dst, handle)
				continue
			}
			n += int(^uint64(rest) >> 63)
		}
		dst = append(dst, inside[:n]...)
	}
	return dst
}

func rounded(x, y float64) (int64, int64) {
	return int64(math.Floor(x + 0.5)), int64(math.Floor(y + 0.5))
}

// clips tells of each clip whether it holds the point, in the same way.
func (q *query) clips(dst []uint32, e entry) []uint32 {
	b := spanOf(e.span)
	x, y := b.at(q.at)
	clips, left := e.clipped, e.clips
	var inside [postingsAtOnce]uint32
	for left > 0 {
		n := uint32(0)
		for ; left > 0 && n < postingsAtOnce; left-- {
			handle, size := clips[0], clipWords(clips)
			odd, sure := clip(clips[1:size]).crossed(x, y)
			clips = clips[size:]
			if !sure {
				dst = q.ask(dst, handle)
				continue
			}
			inside[n] = handle
			n += odd
		}
		dst = append(dst, inside[:n]...)
	}
	return dst
}

// ask asks the fence itself.
func (q *query) ask(dst []uint32, handle uint32) []uint32 {
	if f := q.index.fences.At(handle); f != nil && f.shape.contains(q.at) {
		return append(dst, handle)
	}
	return dst
}

// cell appends the handles of the sets that have the point's cell of a resolution, and of sets of several resolutions those that it is not in by a coarser cell.
func (q *query) cell(dst []uint32, resolution int) []uint32 {
	number := q.cells.at(q.at, resolution)
	if number == 0 {
		return dst // p is not valid
	}
	key := mixed(uint64(number))
	s := q.index.directory.shard(key)
	at := s.find(key)
	if at == 0 {
		return dst
	}
	e := s.entry(at)
	dst = append(dst, e.whole...)
	for _, handle := range e.asked {
		if f := q.index.fences.At(handle); f != nil {
			if set, ok := f.shape.(cellSet); ok && set.first(&q.cells, q.at, resolution) {
				dst = append(dst, handle)
			}
		}
	}
	return dst
}
