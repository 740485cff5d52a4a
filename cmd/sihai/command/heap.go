package command

import (
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"
)

// heap is the memory of this process as the Go runtime bounds it: GOMEMLIMIT. It is a catalog.Memory, safe for concurrent use.
type heap struct {
	mu        sync.Mutex // guards the rest
	collected time.Time  // when it was collected last for the asking
}

// The share of the limit from which it is collected before it is told what is in use, and how seldom.
const (
	collectFrom  = 0.6
	collectEvery = time.Second
)

// Used returns what the last collection left, of which garbage may since have come, and the limit.
func (h *heap) Used() (used, limit uint64) {
	most := debug.SetMemoryLimit(-1) // which only reads it
	if most <= 0 || most == math.MaxInt64 {
		return 0, 0
	}
	limit = uint64(most)
	live, all := heapSizes()
	if float64(all) < collectFrom*float64(limit) {
		return live, limit
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if time.Since(h.collected) >= collectEvery {
		runtime.GC()
		h.collected = time.Now()
	}
	live, _ = heapSizes()
	return live, limit
}

// heapSizes returns the bytes that the last collection found in use, and those of all objects there are, garbage among them.
func heapSizes() (live, all uint64) {
	samples := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(samples)
	return samples[0].Value.Uint64(), samples[1].Value.Uint64()
}
