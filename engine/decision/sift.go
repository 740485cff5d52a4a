package decision

import (
	"github.com/sihai-network/sihai/geo"
	"github.com/sihai-network/sihai/scoring"
)

// sight is what is to be seen of a place that a request meets.
type sight struct {
	glance  *glance
	handle  uint32 // of the fence by which it was met
	special int32  // index into specials; below 0: it is none
}

// sift moves the places to the front that may be offered by the rules that many places have in common, each asked once for all of them, and returns
// their number. Which ones they are is as good as random, and a processor that guesses wrong loses more time than all of this takes: so the answer
// is a number, and where a place is put hangs on it without a branch.
func (r *run) sift(sights []sight) int {
	n, tick := 0, uint64(r.tick)
	for i := range sights {
		g := sights[i].glance
		begins, ends := uint64(g.begins), uint64(g.ends)
		during := (begins - tick) & (tick - ends) >> 63 // 1 where begins < tick < ends
		if tick == begins || tick == ends {
			during = r.isDuring(sights[i])
		}
		doubt := r.open.doubt(g.hours) | r.readers.doubt(g.readers) | r.spoken.doubt(g.voice)
		if doubt > 1 {
			doubt = r.find(sights[i])
		}
		sights[n] = sights[i]
		n += int(uint32(during) &^ doubt)
	}
	return n
}

// isDuring returns 1 where the request comes during a flight, 0 where it does not.
func (r *run) isDuring(s sight) uint64 {
	d := r.digestOf(s)
	if r.nanos >= d.begins && r.nanos < d.ends {
		return 1
	}
	return 0
}

// find asks the rules that nothing is known of yet, and returns whether to doubt that they hold: 0 or 1.
func (r *run) find(s sight) uint32 {
	g, d := s.glance, r.digestOf(s)
	if r.open.doubt(g.hours) > 1 {
		r.open.learn(g.hours, r.inWindow(d.place) && r.isOpen(d.place))
	}
	if r.readers.doubt(g.readers) > 1 {
		r.readers.learn(g.readers, r.isListed(d.listing))
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

// digestOf returns the digest of what is seen, which is far away in memory.
func (r *run) digestOf(s sight) *digest {
	if s.special >= 0 {
		return r.specials[s.special].digest
	}
	return r.pageOf(s.handle).digests[s.handle%geo.ChunkLen]
}
