package geo

// forest is balls in a few trees, each more than twice as large as the next, so that one that is never changed in place can be added to: the logarithmic
// method (Bentley and Saxe, Decomposable Searching Problems I, Journal of Algorithms 1(4), 1980). What is taken out stays in its tree
// until that is merged; whoever owns the forest knows which stamps are alive. The zero value is empty.
type forest struct {
	trees []*kdTree // the largest first
	stamp uint64    // of the last change
}

// with returns a forest with the added balls, merged with as many of the last trees as keeps the sizes apart. live is the number of balls that are
// alive then, and alive tells which they are: where more than half are not, everything is built anew. Cost: over many changes, the square of a logarithm
// a ball; a single change may touch every ball.
func (f forest) with(added []ball, live int, alive func(b *ball) bool) forest {
	total := len(added)
	for _, t := range f.trees {
		total += len(t.balls)
	}
	kept, size := len(f.trees), len(added)
	for kept > 0 && size > 0 && len(f.trees[kept-1].balls) <= 2*size {
		kept--
		size += len(f.trees[kept].balls)
	}
	if total > 2*live {
		kept, size = 0, live
	}
	merged := make([]ball, 0, size)
	for _, t := range f.trees[kept:] {
		for i := range t.balls {
			if alive(&t.balls[i]) {
				merged = append(merged, t.balls[i])
			}
		}
	}
	merged = append(merged, added...)
	next := forest{trees: append([]*kdTree(nil), f.trees[:kept]...), stamp: f.stamp + 1}
	if len(merged) > 0 {
		next.trees = append(next.trees, newKdTree(merged))
	}
	return next
}

// search runs through all trees.
func (f forest) search(s *search) {
	for _, t := range f.trees {
		s.run(t)
	}
}
