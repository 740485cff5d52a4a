package geo

import (
	"cmp"
	"slices"
	"sync"
)

// with returns a tree without some balls, which are there, and with others. Cost: the height of the tree for each, or n log n where they are more than
// what is there.
func (t ballTree) with(removed, added []ball) ballTree {
	next := ballTree{t.root, t.height, t.edit + 1}
	for i := range removed {
		next.remove(&removed[i])
	}
	if len(added) > next.len(len(added)) {
		return next.rebuilt(added)
	}
	for i := range added {
		next.insert(added[i])
	}
	return next
}

// len counts the balls, or returns a number not below limit where they are at least as many.
func (t *ballTree) len(limit int) (n int) {
	t.each(func(balls []ball) bool {
		n += len(balls)
		return n < limit
	})
	return n
}

// each visits the lists of balls until fn returns false.
func (t *ballTree) each(fn func([]ball) bool) {
	var walk func(n *ballNode) bool
	walk = func(n *ballNode) bool {
		for i := range n.kids[:n.n] {
			if kid := &n.kids[i]; kid.node != nil && !walk(kid.node) || kid.node == nil && !fn(kid.balls) {
				return false
			}
		}
		return true
	}
	if t.root != nil {
		walk(t.root)
	}
}

// own returns a node that this edit may change.
func (t *ballTree) own(n *ballNode) *ballNode {
	if n.edit == t.edit {
		return n
	}
	copied := *n
	copied.edit = t.edit
	return &copied
}

func (t *ballTree) insert(b ball) {
	if t.root == nil {
		t.root, t.height = &ballNode{edit: t.edit}, 0
	}
	root, more := t.insertUnder(t.root, b)
	t.root = root
	if more != nil {
		t.root = &ballNode{edit: t.edit, n: 2}
		t.root.kids[0], t.root.kids[1] = kidOf(root), kidOf(more)
		t.height++
	}
}

// insertUnder returns the node with a ball more, and a second one where they did not fit into one.
func (t *ballTree) insertUnder(n *ballNode, b ball) (same, more *ballNode) {
	n = t.own(n)
	if n.n == 0 {
		n.n, n.kids[0] = 1, kidOfBalls([]ball{b})
		return n, nil
	}
	kid := &n.kids[n.nearest(&b)]
	kid.take(&boxed{b.at, b.at, b.radius})
	if kid.node == nil {
		balls := append(make([]ball, 0, len(kid.balls)+1), kid.balls...)
		balls = append(balls, b)
		if len(balls) <= leafBalls {
			kid.balls = balls
			return n, nil
		}
		_, axis := boxOf(balls)
		middle := len(balls) / 2
		selectNth(balls, middle, axis)
		*kid = kidOfBalls(balls[:middle:middle])
		return n, t.add(n, kidOfBalls(slices.Clone(balls[middle:])))
	}
	node, second := t.insertUnder(kid.node, b)
	kid.node = node
	if second == nil {
		return n, nil
	}
	*kid = kidOf(node)
	return n, t.add(n, kidOf(second))
}

// nearest returns which kid a ball widens least.
func (n *ballNode) nearest(b *ball) (best int) {
	least := n.kids[0].growth(b)
	for i := 1; i < n.n && least > 0; i++ {
		if g := n.kids[i].growth(b); g < least {
			best, least = i, g
		}
	}
	return best
}

// add gives a node of this edit a kid more, and returns a second node where they do not fit into one.
func (t *ballTree) add(n *ballNode, kid ballKid) (more *ballNode) {
	if n.n < nodeKids {
		n.kids[n.n] = kid
		n.n++
		return nil
	}
	all := append(slices.Clone(n.kids[:]), kid)
	axis := widestAxis(all)
	slices.SortFunc(all, func(a, b ballKid) int { return cmp.Compare(a.key(axis), b.key(axis)) })
	middle := len(all) / 2
	clear(n.kids[:])
	n.n = copy(n.kids[:], all[:middle])
	more = &ballNode{edit: t.edit}
	more.n = copy(more.kids[:], all[middle:])
	return more
}

// widestAxis returns the axis along which the middles of kids are spread most.
func widestAxis(kids []ballKid) (axis int) {
	widest := float32(-1)
	for k := range radiusAxis + 1 {
		low, high := kids[0].key(k), kids[0].key(k)
		for i := range kids {
			low, high = min(low, kids[i].key(k)), max(high, kids[i].key(k))
		}
		if w := high - low; w > widest {
			axis, widest = k, w
		}
	}
	return axis
}

func kidOf(n *ballNode) ballKid {
	kid := ballKid{boxed: n.kids[0].boxed, node: n}
	for i := range n.kids[:n.n] {
		kid.take(&n.kids[i].boxed)
	}
	return kid
}

func kidOfBalls(balls []ball) ballKid {
	box, _ := boxOf(balls)
	return ballKid{boxed: box, balls: balls}
}

// remove takes a ball out. One that is not there changes nothing.
func (t *ballTree) remove(b *ball) {
	if t.root == nil {
		return
	}
	root, found := t.removeUnder(t.root, b)
	if !found {
		return
	}
	for t.root = root; t.height > 0 && t.root.n == 1; t.height-- {
		t.root = t.root.kids[0].node
	}
	if t.root.n == 0 {
		t.root, t.height = nil, 0
	}
}

func (t *ballTree) removeUnder(n *ballNode, b *ball) (same *ballNode, found bool) {
	for i := range n.kids[:n.n] {
		kid := &n.kids[i]
		if !kid.holds(b) {
			continue
		}
		left := ballKid{}
		if kid.node != nil {
			node, found := t.removeUnder(kid.node, b)
			if !found {
				continue
			}
			if node.n > 0 {
				left = kidOf(node)
			}
		} else {
			at := slices.Index(kid.balls, *b)
			if at < 0 {
				continue
			}
			if len(kid.balls) > 1 {
				left = kidOfBalls(slices.Concat(kid.balls[:at], kid.balls[at+1:]))
			}
		}
		n = t.own(n)
		if left.node == nil && left.balls == nil {
			n.n--
			left, n.kids[n.n] = n.kids[n.n], ballKid{}
			if i == n.n {
				return n, true
			}
		}
		n.kids[i] = left
		return n, true
	}
	return n, false
}

// Of a tree that is built at once, nodes and lists are not full, so that what comes next does not split them all.
const (
	builtKids  = 12
	builtBalls = 22
)

// rebuilt returns a tree of all balls and some more.
func (t *ballTree) rebuilt(added []ball) ballTree {
	all := slices.Clone(added)
	t.each(func(balls []ball) bool {
		all = append(all, balls...)
		return true
	})
	next := ballTree{edit: t.edit}
	if len(all) == 0 {
		return next
	}
	room := builtBalls * builtKids
	for room < len(all) {
		room *= builtKids
		next.height++
	}
	next.root = &ballNode{edit: t.edit}
	next.fill(next.root, all, room/builtKids)
	return next
}

// fill puts balls into an empty node, so many to a kid at most.
func (t *ballTree) fill(n *ballNode, balls []ball, room int) {
	n.n = (len(balls) + room - 1) / room
	t.spread(n.kids[:n.n], balls, room)
}

// spread puts balls into kids: halves into halves of these, on all processors where they are many.
func (t *ballTree) spread(kids []ballKid, balls []ball, room int) {
	const many = 1 << 14
	if len(kids) > 1 {
		half := len(kids) / 2
		nth := len(balls) * half / len(kids)
		_, axis := boxOf(balls)
		selectNth(balls, nth, axis)
		if len(balls) < many {
			t.spread(kids[:half], balls[:nth], room)
			t.spread(kids[half:], balls[nth:], room)
			return
		}
		var other sync.WaitGroup
		other.Go(func() { t.spread(kids[:half], balls[:nth], room) })
		t.spread(kids[half:], balls[nth:], room)
		other.Wait()
		return
	}
	if room == builtBalls {
		kids[0] = kidOfBalls(slices.Clone(balls))
		return
	}
	node := &ballNode{edit: t.edit}
	t.fill(node, balls, room/builtKids)
	kids[0] = kidOf(node)
}
