package geo

// SameCircle reports whether f is a circle, and whether g is the same one.
func (f *Fence) SameCircle(g *Fence) bool {
	a, round := f.shape.(circle)
	b, also := g.shape.(circle)
	return round && also && a == b
}
