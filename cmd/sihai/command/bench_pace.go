package command

import (
	"context"
	"runtime"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// pace says when the next thing is to be done. Without a step that is at once. With one, things are due at even steps whoever does them, and each takes a turn
// in waiting.
type pace struct {
	start time.Time
	step  time.Duration // 0: at once
	fine  bool          // wait to the microsecond, at the price of a busy core
	now   engine.Clock

	turn  chan struct{} // of capacity 1: holds a token while somebody waits or counts
	given int64         // guarded by turn
}

// newPace starts at a rate a second; 0 is no rate.
func newPace(now engine.Clock, rate float64, fine bool) *pace {
	p := &pace{start: now(), now: now, fine: fine, turn: make(chan struct{}, 1)}
	if rate > 0 {
		p.step = max(1, time.Duration(float64(time.Second)/rate))
	}
	return p
}

// clockGrain is how late a timer of Go may ring on an idle machine, and some more: the runtime waits in whole milliseconds.
const clockGrain = 1500 * time.Microsecond

// next waits until something is due, and returns since when the wait for it counts; false when ctx has ended. Where all who could have done it were busy that is
// when it was due, so that a stall is told by everything that it held up (Tene, How NOT to Measure Latency, 2013); otherwise it is now.
func (p *pace) next(ctx context.Context) (since time.Time, ok bool) {
	if p.step == 0 {
		return p.now(), ctx.Err() == nil
	}
	p.turn <- struct{}{}
	defer func() { <-p.turn }()
	due := p.start.Add(time.Duration(p.given) * p.step)
	p.given++
	now := p.now()
	if !now.Before(due) {
		return due, ctx.Err() == nil
	}
	wait := due.Sub(now)
	if p.fine {
		wait -= clockGrain
	}
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return due, false
		}
	}
	for now = p.now(); now.Before(due) && ctx.Err() == nil; now = p.now() {
		runtime.Gosched()
	}
	return now, ctx.Err() == nil
}
