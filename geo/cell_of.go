package geo

// CellOf returns the index of the H3 cell of a position at a resolution from 0 to 15, in hexadecimal; empty for a position or a resolution that is not valid.
// Cost: the library's, about a microsecond.
func CellOf(p LatLng, resolution int) string {
	if p.Validate() != nil || resolution < 0 || resolution > maxResolution {
		return ""
	}
	cell, err := cellAt(p, resolution)
	if err != nil {
		return ""
	}
	return cell.String()
}
