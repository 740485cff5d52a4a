// Package geo finds the fences that hold a place. A Fence is a circle, a polygon, several polygons or a set of H3 cells; an Index
// keeps many of them by small integer handles and answers Lookup; Points does the same for single positions. It knows no campaign.
//
//	fence, err := geo.NewCircle(geo.LatLng{Lat: 25.79, Lng: -80.13}, 800)
//	index := new(geo.Index).Apply(nil, []geo.Item{{Handle: 7, Fence: fence}})
//	handles := index.Lookup(nil, geo.LatLng{Lat: 25.7907, Lng: -80.1353})
//
// # How a lookup stays exact
//
// The index covers each fence with squares of a grid of its own, a cube round the globe divided again and again: interior squares, wholly in the fence, and
// boundary squares, which may be crossed by its line. A lookup takes the square of the point at each level in use and looks at the fences there: of an interior square at once;
// of a boundary square by the chord to the middle of the fence's disc, then by the few edges of the fence that lie near the square, all kept beside one
// another; and what is too close to tell in single precision is asked of the fence, in double.
//
// The grid is not H3's, though fences may be made of H3's cells. H3's hierarchy is not geometric: the seven children of a cell are turned against it and stick
// out, and for some 6.5 % of points the parent, by the index's bits, of the fine cell is not the cell that holds the point at the coarse resolution. A square's
// four children are the square, so one computation gives the squares of all levels. Where a fence is a set of cells, a point belongs to the cell that H3
// itself gives for it at that cell's own resolution, and nothing here walks to a parent. Nor is a covering made by the library's PolygonToCells, which keeps only
// the cells whose centre is inside and so loses points near the line: a square counts as touched when the disc round it, or a box of latitudes and longitudes round that
// disc, meets the fence, which takes some squares too many, and never one too few.
//
// Not here: persistence of coverings, and any distance other than on one sphere (see EarthRadius).
package geo
