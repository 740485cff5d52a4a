package geo

import "math"

// Travel returns the place that a great circle from p reaches after a distance, begun in a bearing in degrees from north, clockwise: the direct
// problem on the sphere (Williams, Aviation Formulary, "Lat/lon given radial and distance"). It is as accurate as Distance.
func (p LatLng) Travel(bearing float64, d Meters) LatLng {
	lat, course, angle := radians(p.Lat), radians(bearing), float64(d/EarthRadius)
	sinLat, cosLat := math.Sincos(lat)
	sinAngle, cosAngle := math.Sincos(angle)
	to := math.Asin(math.Max(-1, math.Min(1, sinLat*cosAngle+cosLat*sinAngle*math.Cos(course))))
	turn := math.Atan2(math.Sin(course)*sinAngle*cosLat, cosAngle-sinLat*math.Sin(to))
	lng := math.Mod(p.Lng+turn*180/math.Pi+540, 360) - 180
	return LatLng{Lat: to * 180 / math.Pi, Lng: lng}
}
