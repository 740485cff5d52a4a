package geo

import (
	"errors"
	"fmt"
	"math"
)

// ErrRadius is returned for a radius that is not a positive number of metres up to half the earth's circumference.
var ErrRadius = errors.New("radius out of range")

// maxRadius is half a great circle, the distance between antipodes.
const maxRadius = EarthRadius * math.Pi

type circle struct {
	center LatLng
	radius Meters
}

// NewCircle returns the disc of the points whose great-circle distance from center is at most radius.
func NewCircle(center LatLng, radius Meters) (*Fence, error) {
	if err := center.Validate(); err != nil {
		return nil, err
	}
	if math.IsNaN(float64(radius)) || radius <= 0 || radius > maxRadius {
		return nil, fmt.Errorf("%w: %v is not in (0, %.0f]", ErrRadius, float64(radius), float64(maxRadius))
	}
	return &Fence{shape: circle{center, radius}}, nil
}

func (c circle) contains(p LatLng) bool { return c.center.Distance(p) <= c.radius }

func (c circle) reaches(p LatLng, radius Meters) bool { return c.distance(p) <= radius }

func (c circle) distance(p LatLng) Meters { return max(0, c.center.Distance(p)-c.radius) }
