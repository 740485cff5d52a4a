package geo

// Order returns a number by which positions near one another are mostly near one another: that of the Z-order curve (Morton, 1966) over the squares of the grid,
// face by face. p is valid.
func (p LatLng) Order() uint64 {
	g := gridAt(p.vector())
	return g.face<<(2*maxLevel) | spread(g.column)<<1 | spread(g.row)
}

// spread puts a zero before each of the low 32 bits.
func spread(x uint32) uint64 {
	v := uint64(x)
	v = (v | v<<16) & 0x0000ffff0000ffff
	v = (v | v<<8) & 0x00ff00ff00ff00ff
	v = (v | v<<4) & 0x0f0f0f0f0f0f0f0f
	v = (v | v<<2) & 0x3333333333333333
	return (v | v<<1) & 0x5555555555555555
}
