package decision

import (
	"slices"

	"github.com/sihai-network/sihai/scoring"
)

// sift keeps the matches from the first on that may be offered by the rules that many places have in common, each asked once for all of them. Which
// ones they are is as good as random, and a processor that guesses wrong loses more time than all of this takes: so the answer is a number, and where
// a match is put hangs on it without a branch; and so it is with those that may not, which go to the drops.
func (r *run) sift(first int) {
	n, tick, matches := 0, uint64(r.tick), r.matches[first:]
	gone, dropped := 0, len(r.drops)
	r.drops = slices.Grow(r.drops, len(matches))[:dropped+len(matches)]
	drops := r.drops[dropped:]
	for i := range matches {
		m := &matches[i]
		g := r.glanceOf(*m)
		begins, ends := uint64(g.begins), uint64(g.ends)
		during := (begins - tick) & (tick - ends) >> 63 // 1 where begins < tick < ends
		if tick == begins || tick == ends {
			during = r.isDuring(m)
		}
		open, readers, spoken := r.open.doubt(g.hours), r.readers.doubt(g.readers), r.spoken.doubt(g.voice)
		if open|readers|spoken > 1 {
			r.find(m)
			open, readers, spoken = r.open.doubt(g.hours), r.readers.doubt(g.readers), r.spoken.doubt(g.voice)
		}
		keep := uint32(during) &^ (open | readers | spoken)
		window, hours, partners := r.windows.doubt(g.hours), r.hours.doubt(g.hours), r.partners.doubt(g.readers)
		drops[gone] = uint64(m.handle)<<markBits | uint64(during^1) | uint64(window<<1|open<<2|spoken<<3|readers<<4|(open&^hours)<<5|partners<<6)
		gone += int(keep ^ 1)
		matches[n] = *m
		n += int(keep)
	}
	r.matches, r.drops = r.matches[:first+n], r.drops[:dropped+gone]
}

// isDuring returns 1 where the request comes during a flight, 0 where it does not.
func (r *run) isDuring(m *match) uint64 {
	d := r.digestOf(m)
	if r.nanos >= d.begins && r.nanos < d.ends {
		return 1
	}
	return 0
}

// find asks the rules that nothing is known of yet.
func (r *run) find(m *match) {
	g, d := r.glanceOf(*m), r.digestOf(m)
	if r.open.doubt(g.hours) > 1 {
		ahead := r.isAhead(d.place)
		inWindow := ahead || r.inWindow(d.place)
		inHours := ahead || inWindow && r.isOpen(d.place)
		r.windows.learn(g.hours, inWindow)
		r.hours.learn(g.hours, inHours)
		r.open.learn(g.hours, ahead || inHours && !r.isBlackedOut(d.place))
	}
	if r.readers.doubt(g.readers) > 1 {
		accepted := r.accepts(d.place)
		r.partners.learn(g.readers, accepted)
		r.readers.learn(g.readers, accepted && r.isListed(d.listing))
	}
	if r.spoken.doubt(g.voice) > 1 {
		v := r.voiceFor(g.voice, d.listing.Languages)
		r.spoken.learn(g.voice, v.index >= 0)
		if n := int(g.voice); n >= len(r.voiceValues) {
			r.voiceValues = append(r.voiceValues, make([]float32, n+1-len(r.voiceValues))...)
		}
		r.voiceValues[g.voice] = float32(r.season.weights[scoring.LanguageMatch] * v.value)
	}
}
