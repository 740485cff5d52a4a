package decision

import (
	"math"
	"sync/atomic"
)

// glance is the part of a digest by which most places are ruled out or bounded, in one cache line and without pointers. Nothing in it changes but
// still, which is a memo.
type glance struct {
	still        still
	axis         axis
	radius       float32 // metres, of the circle round the venue that is its fence; 0: it has others
	begins, ends uint32  // the ticks in which the flight does; firstTick and lastTick: in none that a request is made in
	// Numbers of what the answers of rules and the features hang on, see digests.
	hours, readers, voice, taste uint32
	merchant, genre              uint32 // numbers of what profiles bound; genre 0: unknown
	traits                       traits
	state                        atomic.Uint32 // on a page: whether the rest is there
}

// traits are what few places have.
type traits uint32

const (
	many    traits = 1 << iota // its listing has several venues or several fences, so that it can be met twice
	several                    // its handle leads to other places too, or to none
	ruled                      // its audience has an expression
	limited                    // its campaign has budgets or caps
	plain                      // any
)

// tick is the unit in which a glance knows a flight, in nanoseconds: so long that all of firstYear to lastYear fit into 32 bits.
const tick = 2e9

// The ticks that stand for no bound, beyond those of any request.
const (
	firstTick = 0
	lastTick  = math.MaxUint32
)

// tickOf returns the tick of an instant in nanoseconds since 1970.
func tickOf(nanos int64) uint32 {
	return uint32(min(max(nanos, 0)/tick, lastTick))
}

// copyFrom makes g the glance at another place, whatever its state.
func (g *glance) copyFrom(o *glance) {
	g.still.word.Store(o.still.word.Load())
	g.axis, g.radius, g.begins, g.ends = o.axis, o.radius, o.begins, o.ends
	g.hours, g.readers, g.voice, g.taste = o.hours, o.readers, o.voice, o.taste
	g.merchant, g.genre, g.traits = o.merchant, o.genre, o.traits
}
