package command

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strconv"
	"strings"
)

// emptyHeap is the bytes that an app on an empty store keeps, to be taken off what a world is found to need.
func (b *bench) emptyHeap(ctx context.Context) (bytes uint64, err error) {
	dir, err := os.MkdirTemp("", "sihai-bench-empty-*")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	a, err := b.open(ctx, dir)
	if err != nil {
		return 0, err
	}
	bytes = liveHeap()
	return bytes, a.close()
}

// liveHeap collects what is not needed and returns the bytes that are.
func liveHeap() uint64 {
	runtime.GC()
	runtime.GC() // what finalizers and pools held until the first one
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// memory looks at the process.
func memory() memoryReport {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return memoryReport{HeapBytes: m.HeapAlloc, ProcessBytes: residentBytes()}
}

// residentBytes is what Linux tells in proc(5), /proc/self/statm: its second number is resident pages. 0 on other systems.
func residentBytes() uint64 {
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(data))
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseUint(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * uint64(os.Getpagesize())
}
