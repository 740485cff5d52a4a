package geo

import (
	"cmp"
	"slices"
)

// Apply returns an index without the removed handles and with the added items; an added handle that is there already takes its place, and of two items
// with one handle the last counts. It costs the coverings of the fences that go, and of those that come without one; the shards that their squares lie in, a few
// kilobytes for each of those, and a pointer for each chunk of shards and each 256 handles there are.
func (x *Index) Apply(removed []uint32, added []Item) *Index {
	next := new(Index)
	if x != nil {
		*next = *x
	}
	u := update{index: next, fences: make(map[uint32]resident, len(removed)+len(added)), guiding: guiding{next: next.guide}}
	for _, handle := range removed {
		u.drop(handle)
	}
	last := make(map[uint32]int, len(added))
	for i, item := range added {
		u.drop(item.Handle)
		last[item.Handle] = i
	}
	stamp := next.discs.stamp + 1
	discs := make([]ball, 0, len(added))
	for i, item := range added {
		if last[item.Handle] != i {
			continue
		}
		u.fences[item.Handle] = resident{item.Fence, stamp}
		next.count++
		discs = append(discs, newBall(item.Handle, stamp, item.Fence.shape.disc()))
		u.add(item)
	}
	next.fences = next.fences.With(u.fences)
	next.discs = next.discs.with(discs, next.count, func(b *ball) bool { return next.fences.At(b.handle).stamp == b.stamp })
	slices.SortFunc(u.changes, compareChanges)
	next.directory = next.directory.with(u.changes, u.words)
	next.guide = u.guiding.next
	return next
}

// update is what a call of Apply changes.
type update struct {
	index   *Index
	fences  map[uint32]resident
	guiding guiding
	changes []change
	words   []uint32 // of the changes' postings
}

// change puts a posting at a square or a cell, or takes those of its handle away.
type change struct {
	key      uint64 // mixed
	handle   uint32
	at, size uint32 // of the posting's own words
	what     action
}

func compareChanges(a, b change) int {
	if a.key != b.key {
		return cmp.Compare(a.key, b.key)
	}
	return cmp.Or(cmp.Compare(a.what, b.what), cmp.Compare(a.handle, b.handle))
}

// action is what a change does: takeAway, or put and the kind.
type action uint8

const (
	takeAway action = 0
	put      action = 1
)

// drop takes a fence out, once. Its covering is made again: it is the same one.
func (u *update) drop(handle uint32) {
	old := u.index.fences.At(handle)
	if _, again := u.fences[handle]; again || old.fence == nil {
		return
	}
	u.fences[handle] = resident{}
	u.index.count--
	leave := func(key uint64) {
		u.changes = append(u.changes, change{key: mixed(key), handle: handle, what: takeAway})
	}
	if s, ok := old.fence.shape.(cellSet); ok { // its squares hold but marks, which stay
		for _, cell := range s.cells {
			leave(uint64(cell))
		}
		return
	}
	covering := Cover(old.fence)
	covering.each(func(s square, _ kind, _ []uint32) { leave(uint64(s)) })
}

func (u *update) add(item Item) {
	covering := item.Covering
	if covering == nil || covering.anew {
		c := Cover(item.Fence)
		covering = &c
	}
	covering.each(func(s square, k kind, data []uint32) {
		u.change(uint64(s), item.Handle, k, data)
		u.guiding.note(s)
	})
	if s, ok := item.Fence.shape.(cellSet); ok {
		k := whole
		if len(s.resolutions) > 1 {
			k = asked // a point may be in several of its cells
		}
		for _, cell := range s.cells {
			u.change(uint64(cell), item.Handle, k, nil)
		}
	}
}

func (u *update) change(key uint64, handle uint32, k kind, data []uint32) {
	u.changes = append(u.changes, change{key: mixed(key), handle: handle, at: uint32(len(u.words)), size: uint32(len(data)), what: put + action(k)})
	u.words = append(u.words, data...)
}
