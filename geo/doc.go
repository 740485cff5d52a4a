// Package geo finds the fences that hold a place. A Fence is a circle, a polygon, several polygons or a set of H3 cells; an Index
// keeps many of them by small integer handles and answers Lookup; Points does the same for single positions. It knows no campaign.
//
//	fence, err := geo.NewCircle(geo.LatLng{Lat: 25.79, Lng: -80.13}, 800)
//	index := new(geo.Index).Apply(nil, []geo.Item{{Handle: 7, Fence: fence}})
//	hits := index.Lookup(nil, geo.LatLng{Lat: 25.7907, Lng: -80.1353})
//
// # How a lookup stays exact
//
// The index covers each fence with cells of the H3 grid of one resolution: interior cells, wholly in the fence, and boundary cells, which may be crossed by
// its line. A lookup computes the cell of the point at each resolution in use, takes the fences of which that cell is interior at once, and asks
// the exact test of the others.
//
// H3's hierarchy is not geometric: the seven children of a cell are turned against it and stick out, and for some 6.5 % of points the parent, by the
// index's bits, of the fine cell is not the cell that holds the point at the coarse resolution. So nothing here walks to a parent: cells of
// different resolutions are never compared, and the true cell is computed afresh at each. Nor is a covering made by the library's PolygonToCells, which
// keeps only the cells whose centre is inside and so loses points near the line. Here a cell counts as touched when a box of latitudes and longitudes round the disc
// that holds it meets an edge or lies inside, found by spreading over neighbours from the vertices; that takes some cells too many, and never one too few.
//
// Fences and points near a place are found in another way, by balls round them in a forest of packed k-d trees, and a fence of many edges answers from bounds over
// runs of these; neither knows the grid.
//
// Not here: files of any kind, though a covering can be kept as bytes (see Covering.AppendBinary), and any distance other than on one sphere (see EarthRadius).
package geo
