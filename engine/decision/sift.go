package decision

import "github.com/sihai-network/sihai/scoring"

// sift keeps the matches from the first on that may be offered by the rules that many places have in common, each asked once for all of them. Which
// ones they are is as good as random, and a processor that guesses wrong loses more time than all of this takes: so the answer is a number, and where
// a match is put hangs on it without a branch.
func (r *run) sift(first int) {
	n, tick, matches := 0, uint64(r.tick), r.matches[first:]
	for i := range matches {
		m := &matches[i]
		g := r.glanceOf(*m)
		begins, ends := uint64(g.begins), uint64(g.ends)
		during := (begins - tick) & (tick - ends) >> 63 // 1 where begins < tick < ends
		if tick == begins || tick == ends {
			during = r.isDuring(m)
		}
		doubt := r.open.doubt(g.hours) | r.readers.doubt(g.readers) | r.spoken.doubt(g.voice)
		if doubt > 1 {
			doubt = r.find(m)
		}
		matches[n] = *m
		n += int(uint32(during) &^ doubt)
	}
	r.matches = r.matches[:first+n]
}

// isDuring returns 1 where the request comes during a flight, 0 where it does not.
func (r *run) isDuring(m *match) uint64 {
	d := r.digestOf(m)
	if r.nanos >= d.begins && r.nanos < d.ends {
		return 1
	}
	return 0
}

// find asks the rules that nothing is known of yet, and returns whether to doubt that they hold: 0 or 1.
func (r *run) find(m *match) uint32 {
	g, d := r.glanceOf(*m), r.digestOf(m)
	if r.open.doubt(g.hours) > 1 {
		r.open.learn(g.hours, r.isAhead(d.place) || r.inWindow(d.place) && r.isOpen(d.place) && !r.isBlackedOut(d.place))
	}
	if r.readers.doubt(g.readers) > 1 {
		r.readers.learn(g.readers, r.isListed(d.listing) && r.accepts(d.place))
	}
	if r.spoken.doubt(g.voice) > 1 {
		v := r.voiceFor(g.voice, d.listing.Languages)
		r.spoken.learn(g.voice, v.index >= 0)
		if n := int(g.voice); n >= len(r.voiceValues) {
			r.voiceValues = append(r.voiceValues, make([]float32, n+1-len(r.voiceValues))...)
		}
		r.voiceValues[g.voice] = float32(r.season.weights[scoring.LanguageMatch] * v.value)
	}
	return r.open.doubt(g.hours) | r.readers.doubt(g.readers) | r.spoken.doubt(g.voice)
}
