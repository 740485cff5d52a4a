package analysis

import (
	"context"
	"runtime"
)

// turns bounds how many reads of the logs there are at once, so that those who ask for offers keep most of the machine. Each has half of the processors, at
// least one.
type turns chan struct{}

func newTurns() turns { return make(turns, max(1, runtime.GOMAXPROCS(0)/2)) }

// take waits for a turn, which ends with end; the context's error when that takes too long.
func (t turns) take(ctx context.Context) (end func(), err error) {
	select {
	case t <- struct{}{}:
		return func() { <-t }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
