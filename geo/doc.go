// Package geo finds the fences that hold a place. A Fence is a circle, a polygon, several polygons or a set of H3 cells; an Index
// keeps many of them by small integer handles and answers Lookup; Points does the same for single positions. It knows no campaign.
//
//	fence, err := geo.NewCircle(geo.LatLng{Lat: 25.79, Lng: -80.13}, 800)
//	index := new(geo.Index).Apply(nil, []geo.Item{{Handle: 7, Fence: fence}})
//	handles := index.Lookup(nil, geo.LatLng{Lat: 25.7907, Lng: -80.1353})
//
// # How a lookup stays exact
//
// The index covers each fence with squares of a grid of its own, a cube round the globe divided again and again. A lookup takes the square of the point at each level at
// which there is anything about, which a guide tells, and looks at what is kept of the fences there:
//
//	whole      squares that lie in the fence: a handle, and nothing to test
//	round      squares at a circle's line: a disc on the square's plane, in sixteen bits a number
//	clipped    squares at a polygon's line: the line cut to the square's box of latitudes and longitudes, in fifteen bits a number
//	asked      squares where neither will do: near several lines of a fence, or at a pole
//	marked     squares at a set of cells: the resolutions whose cells are worth asking H3 for
//
// Discs and clips are told in integers, up to a few units about the line, of which there are some sixteen thousand to a square: what lies nearer to a line is asked of the
// fence, in double precision. The bounds are derived at discBand and clipBand. A cell of a set is in the index under its own number, so that a point is in it when
// the cell that H3 gives for the point is that one.
//
// What is kept of some squares and cells is one array without a pointer, a shard; a change copies the shards it touches.
//
// The grid is not H3's, though fences may be made of H3's cells. H3's hierarchy is not geometric: the seven children of a cell are turned against it and stick
// out, and for some 6.5 % of points the parent, by the index's bits, of the fine cell is not the cell that holds the point at the coarse resolution. A square's
// four children are the square, so one computation gives the squares of all levels. Where a fence is a set of cells, a point belongs to the cell that H3
// itself gives for it at that cell's own resolution, and nothing here walks to a parent. Nor is a covering made by the library's PolygonToCells, which keeps only
// the cells whose centre is inside and so loses points near the line: a square counts as touched when it, or for a polygon the box of latitudes and longitudes round
// it, meets the fence, which takes some squares too many, and never one too few.
//
// What Cover gives depends on the processor's floating point and on the release: see Covering.AppendBinary for keeping it.
//
// Not here: any distance other than on one sphere (see EarthRadius).
package geo
