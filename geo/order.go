package geo

// Order returns a number by which positions near one another are mostly near one another: that of the position's finest square on the grid. p is valid.
func (p LatLng) Order() uint64 { return uint64(gridAt(p.vector()).at(maxLevel)) }
