package geo

// Fence is a closed region on the globe: a circle, a polygon with holes, several polygons or a set of H3 cells. It is
// immutable and safe for concurrent use.
type Fence struct {
	shape shape
}

// shape is one kind of region.
type shape interface {
	contains(p LatLng) bool
	distance(p LatLng) Meters
	reaches(p LatLng, radius Meters) bool // whether p, which is not in it, is at most that far from it
	probability(p LatLng, sigma float64) float64
	disc() disc
	draw() []drawn
}

// Contains reports whether p lies in f. Cost: constant for a circle, one cell of the grid for each resolution of a set of cells; for a polygon a step for each
// part, and where p is in the part's box about a logarithm of its edges.
func (f *Fence) Contains(p LatLng) bool { return f.shape.contains(p) }

// Distance returns the distance from p to the fence, 0 inside.
func (f *Fence) Distance(p LatLng) Meters { return f.shape.distance(p) }
