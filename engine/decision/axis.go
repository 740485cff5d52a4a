package decision

import (
	"math"

	"github.com/sihai-network/sihai/geo"
)

// axis leads from the earth's centre to a position on its surface, in whole axisUnits: it is off by at most half of one in each direction.
type axis [3]int32

const (
	axisUnits     = 1 << 30 // to the earth's radius, of 6 mm: the difference of any two axes fits into 32 bits
	metresPerUnit = float32(geo.EarthRadius / axisUnits)
)

func axisOf(p geo.LatLng) axis {
	sinLat, cosLat := math.Sincos(p.Lat * math.Pi / 180)
	sinLng, cosLng := math.Sincos(p.Lng * math.Pi / 180)
	units := func(x float64) int32 { return int32(math.Round(axisUnits * x)) }
	return axis{units(cosLat * cosLng), units(cosLat * sinLng), units(sinLat)}
}

// metres returns the chord to another position, off by at most a centimetre and two millionths of it.
func (a *axis) metres(b *axis) float32 {
	x, y, z := float32(a[0]-b[0]), float32(a[1]-b[1]), float32(a[2]-b[2])
	return metresPerUnit * float32(math.Sqrt(float64(x*x+y*y+z*z)))
}
