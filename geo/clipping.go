package geo

import (
	"cmp"
	"slices"
)

// clipping gathers the clips of polygons at the squares that their lines cross.
type clipping struct {
	shape polygons
	whole []square
	asked []square
	clips []clipAt
	words []uint32 // of the clips
}

// clipAt is a square and where its clip is among the words.
type clipAt struct {
	square square
	from   int
}

// refinements is how often a square for which there is no clip, since too many edges or several lines are near it, is divided into sixteen.
const refinements = 2

// add takes a square that a line crosses. A square that is divided stays whole, and the fence is asked, where that would be so for most of its parts as well.
func (w *clipping) add(s square, refinements int) {
	b, ok := s.span()
	from := len(w.words)
	if ok {
		w.words, ok = w.shape.clip(w.words, &b)
	}
	if ok {
		w.clips = append(w.clips, clipAt{s, from})
		return
	}
	if refinements == 0 || s.level() >= maxLevel {
		w.asked = append(w.asked, s)
		return
	}
	whole, asked, clips := len(w.whole), len(w.asked), len(w.clips)
	for n := range uint64(1 << (2 * levelStep)) {
		part := s.child(n >> 2).child(n & 3)
		switch w.shape.classify(part, part.center()) {
		case interior:
			w.whole = append(w.whole, part)
		case crossed:
			w.add(part, refinements-1)
		}
	}
	if len(w.asked)-asked > len(w.clips)-clips {
		w.whole, w.asked, w.clips, w.words = w.whole[:whole], append(w.asked[:asked], s), w.clips[:clips], w.words[:from]
	}
}

// appendTo appends the postings in their order.
func (w *clipping) appendTo(c *Covering) {
	slices.Sort(w.whole)
	slices.Sort(w.asked)
	slices.SortFunc(w.clips, func(a, b clipAt) int { return cmp.Compare(a.square, b.square) })
	c.words = make([]uint32, 0, len(w.words)+postingHead*(len(w.whole)+len(w.asked)+len(w.clips)))
	for _, at := range w.whole {
		c.append(at, whole)
	}
	for _, at := range w.asked {
		c.append(at, asked)
	}
	for _, at := range w.clips {
		vertices := int(w.words[at.from] & 255)
		c.append(at.square, clipped, w.words[at.from:at.from+1+vertices]...)
	}
}
