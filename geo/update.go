package geo

import (
	"cmp"
	"slices"
)

// Apply returns an index without the removed handles and with the added items; an added handle that is there already takes its place, and of two items
// with one handle the last counts. It costs the coverings of the fences that go, and of those that come without one; the shards that their squares lie in, a few
// kilobytes for each of those; and a pointer for each chunk of shards and each 16,384 handles there are. Where many come it works on all processors.
func (x *Index) Apply(removed []uint32, added []Item) *Index {
	next := new(Index)
	if x != nil {
		*next = *x
	}
	u := update{index: next, fences: next.fences.Edit(), guiding: guiding{next: next.guide}}
	for _, handle := range removed {
		u.drop(handle)
	}
	var last TableEdit[uint32] // which item of a handle counts, from 1
	for i, item := range added {
		u.drop(item.Handle)
		last.Set(item.Handle, uint32(i)+1)
	}
	u.balls = make([]ball, 0, len(added))
	u.changes = slices.Grow(u.changes, min(usualChanges*len(added), updateChanges))
	for i, item := range added {
		if last.At(item.Handle) == uint32(i)+1 {
			u.add(item)
		}
	}
	u.flush()
	next.fences = u.fences.Table()
	next.discs = next.discs.with(u.gone, u.balls)
	next.guide = u.guiding.next
	return next
}

// update is what a call of Apply changes.
type update struct {
	index   *Index
	fences  *TableEdit[*Fence]
	guiding guiding
	changes []change
	words   []uint32 // of the changes' postings
	gone    []ball
	balls   []ball // that come
}

// usualChanges is what most fences make.
const usualChanges = 12

// updateChanges bounds the changes that an update holds at once: some fifty megabytes, and their clips.
const updateChanges = 1 << 21

// flush takes the changes so far into the directory.
func (u *update) flush() {
	u.index.directory = u.index.directory.with(u.changes, u.words)
	u.changes, u.words = u.changes[:0], u.words[:0]
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
	old := u.fences.At(handle)
	if old == nil {
		return
	}
	u.fences.Set(handle, nil)
	u.index.count--
	u.gone = append(u.gone, newBall(handle, old.shape.disc()))
	leave := func(key uint64) { u.note(change{key: mixed(key), handle: handle, what: takeAway}, nil) }
	if s, ok := old.shape.(cellSet); ok { // its squares hold but marks, which stay
		for _, cell := range s.cells {
			leave(uint64(cell))
		}
		return
	}
	covering := Cover(old)
	covering.each(func(s square, _ kind, _ []uint32) { leave(uint64(s)) })
}

func (u *update) add(item Item) {
	u.fences.Set(item.Handle, item.Fence)
	u.index.count++
	u.balls = append(u.balls, newBall(item.Handle, item.Fence.shape.disc()))
	covering := item.Covering
	if covering == nil || covering.anew {
		c := Cover(item.Fence)
		covering = &c
	}
	covering.each(func(s square, k kind, data []uint32) {
		u.put(uint64(s), item.Handle, k, data)
		u.guiding.note(s)
	})
	if s, ok := item.Fence.shape.(cellSet); ok {
		k := whole
		if len(s.resolutions) > 1 {
			k = asked // a point may be in several of its cells
		}
		for _, cell := range s.cells {
			u.put(uint64(cell), item.Handle, k, nil)
		}
	}
}

func (u *update) put(key uint64, handle uint32, k kind, data []uint32) {
	u.note(change{key: mixed(key), handle: handle, what: put + action(k)}, data)
}

// note adds a change with the posting's own words. What takes a handle away is noted before what puts it, and so is in the directory no later.
func (u *update) note(c change, data []uint32) {
	if len(u.changes) == updateChanges {
		u.flush()
	}
	c.at, c.size = uint32(len(u.words)), uint32(len(data))
	u.changes, u.words = append(u.changes, c), append(u.words, data...)
}
