package engine

import (
	"fmt"
	"sync"
	"sync/atomic"
)

// Packer lays campaigns and venues out in few bytes, and reads them again.
type Packer interface {
	// PackCampaign leaves the geofences out: see Terms.
	PackCampaign(c *Campaign) ([]byte, error)
	UnpackCampaign(packed []byte) (Campaign, error)
	PackVenue(v *Venue) ([]byte, error)
	UnpackVenue(packed []byte) (Venue, error)
}

// Packed is a value that lies in memory as bytes, and unpacked only as long as it is asked for now and then: a catalog of a million campaigns is
// mostly texts that nobody reads. It must not be copied. Value is safe for concurrent use.
type Packed[T any] struct {
	bytes string
	value atomic.Pointer[T]
	in    *Unpacked[T] // nil: value is there for good
}

// Unpacked bounds how many values lie unpacked beside their bytes: when another one comes, the one that came first goes. Those who hold it keep it.
type Unpacked[T any] struct {
	unpack func([]byte) (T, error)

	mu   sync.Mutex // guards the rest
	ring []*Packed[T]
	next int
}

// NewUnpacked returns room for some values, at least one, that unpack reads.
func NewUnpacked[T any](room int, unpack func([]byte) (T, error)) *Unpacked[T] {
	return &Unpacked[T]{unpack: unpack, ring: make([]*Packed[T], max(room, 1))}
}

// pack makes p the value of some bytes.
func (p *Packed[T]) pack(bytes []byte, in *Unpacked[T]) {
	p.bytes, p.in = string(bytes), in
	p.value.Store(nil)
}

// keep makes p a value that is never packed.
func (p *Packed[T]) keep(v *T) { p.value.Store(v) }

// get returns the value, which nobody changes. Cost: a load, or some microseconds where it lies packed.
func (p *Packed[T]) get() *T {
	if v := p.value.Load(); v != nil {
		return v
	}
	v, err := p.in.unpack([]byte(p.bytes))
	if err != nil {
		panic(fmt.Sprintf("engine: what was packed does not unpack: %v", err)) // the bytes were made by this process
	}
	p.value.Store(&v)
	p.in.admit(p)
	return &v
}

func (u *Unpacked[T]) admit(p *Packed[T]) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if old := u.ring[u.next]; old != nil {
		old.value.Store(nil)
	}
	u.ring[u.next] = p
	u.next = (u.next + 1) % len(u.ring)
}
