package geo

import (
	"errors"
	"fmt"
	"math"
)

// LatLng is a position in degrees, WGS84. A valid one has Lat in [-90, 90] and Lng in [-180, 180];
// the zero value is the valid position where the equator meets the prime meridian.
type LatLng struct {
	Lat, Lng float64
}

// Meters is a distance or a radius on the ground.
type Meters float64

// EarthRadius is the authalic radius of WGS84, the radius of the sphere that has the ellipsoid's area: the value
// that H3 uses for its own distances (h3 v4, constants.h, EARTH_RADIUS_KM). Every circle and every distance in
// this package is a great circle on that one sphere, up to 0.6 % from the ellipsoid's geodesic.
const EarthRadius Meters = 6_371_007.180918475

// ErrPosition is returned for a latitude or a longitude that is not a finite number in range.
var ErrPosition = errors.New("position out of range")

// Validate returns an error that wraps ErrPosition and names the coordinate unless p is a valid position.
func (p LatLng) Validate() error {
	if math.IsNaN(p.Lat) || p.Lat < -90 || p.Lat > 90 {
		return fmt.Errorf("%w: lat %v is not in [-90, 90]", ErrPosition, p.Lat)
	}
	if math.IsNaN(p.Lng) || p.Lng < -180 || p.Lng > 180 {
		return fmt.Errorf("%w: lon %v is not in [-180, 180]", ErrPosition, p.Lng)
	}
	return nil
}

// Distance returns the great-circle distance between p and q by the haversine formula (Sinnott, Virtues of the
// Haversine, Sky and Telescope 68(2), 1984), accurate to under a millimetre at every range but within some
// metres of the antipode.
func (p LatLng) Distance(q LatLng) Meters {
	lat1, lat2 := radians(p.Lat), radians(q.Lat)
	sinLat := math.Sin((lat2 - lat1) / 2)
	sinLng := math.Sin(radians(q.Lng-p.Lng) / 2)
	h := sinLat*sinLat + math.Cos(lat1)*math.Cos(lat2)*sinLng*sinLng
	return 2 * EarthRadius * Meters(math.Asin(math.Min(1, math.Sqrt(h))))
}

// vector returns p on the unit sphere: x to where the equator meets the prime meridian, z to the north pole.
func (p LatLng) vector() [3]float64 {
	sinLat, cosLat := math.Sincos(radians(p.Lat))
	sinLng, cosLng := math.Sincos(radians(p.Lng))
	return [3]float64{cosLat * cosLng, cosLat * sinLng, sinLat}
}

// position returns the place in the direction of a vector; that of the zero vector is the zero place.
func position(v [3]float64) LatLng {
	return LatLng{Lat: math.Atan2(v[2], math.Sqrt(v[0]*v[0]+v[1]*v[1])) * 180 / math.Pi, Lng: math.Atan2(v[1], v[0]) * 180 / math.Pi}
}

func radians(degrees float64) float64 { return degrees * math.Pi / 180 }
