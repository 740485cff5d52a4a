package geo

// CoarseResolution is the resolution of the cells that stand for places which are not to be known exactly. A cell of resolution 6 has 36 km² on average and edges of
// 3.7 km (H3, table of average areas and edge lengths): some kilometres across, a part of a city. Resolution 7, of 5 km², is a neighbourhood, in the country often a
// single village; 5, of 250 km², is a whole city and tells a report next to nothing.
const CoarseResolution = 6

// CoarseRadius is that of a circle round the middle of such a cell that holds it.
const CoarseRadius = cellReach / (7 * 7 * 7)

// Coarse returns the middle of the cell that holds a valid position; the zero value for one that is not valid. That of a middle is itself.
func Coarse(p LatLng) LatLng {
	cell, err := cellAt(p, CoarseResolution)
	if err != nil {
		return LatLng{}
	}
	middle, err := cell.LatLng()
	if err != nil {
		return LatLng{}
	}
	return LatLng{Lat: middle.Lat, Lng: middle.Lng}
}
