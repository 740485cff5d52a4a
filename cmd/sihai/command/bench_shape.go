package command

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/sihai-network/sihai/engine/wire"
	"github.com/sihai-network/sihai/geo"
)

// The shares of the kinds of fence; the rest are wide as a country.
const (
	circleShare       = 0.7
	polygonShare      = 0.15
	multipolygonShare = 0.05
	cellShare         = 0.07
	cityWideShare     = 0.029
)

// cellResolution is that of fences made of cells, some 350 m across.
const cellResolution = 9

// shape draws the fence of a campaign at a spot. round is the radius of a circle round the venue that stands for it instead, where it is not 0.
func shape(d *rand.Rand, s spot) (fence wire.Geofence, round float64, err error) {
	radius := shopRadius(d)
	kind := d.Float64()
	for _, k := range []struct {
		share float64
		draw  func() (wire.Geofence, error)
	}{
		{circleShare, func() (wire.Geofence, error) {
			if d.IntN(4) == 0 {
				round = radius
				return wire.Geofence{}, nil
			}
			return wire.Geofence{Circle: &wire.Circle{Lat: s.at.Lat, Lon: s.at.Lng, Radius: radius}}, nil
		}},
		{polygonShare, func() (wire.Geofence, error) {
			rings := [][][2]float64{ring(d, s.at, radius, 8+d.IntN(33))}
			if d.IntN(10) == 0 {
				rings = append(rings, ring(d, s.at, radius/4, 8))
			}
			return drawing("Polygon", rings)
		}},
		{multipolygonShare, func() (wire.Geofence, error) {
			parts := make([][][][2]float64, 2+d.IntN(3))
			for i := range parts {
				middle := moved(s.at, 2.5*radius*float64(min(i, 1)), 2*math.Pi*float64(i)/float64(len(parts)))
				parts[i] = [][][2]float64{ring(d, middle, radius, 8+d.IntN(13))}
			}
			return drawing("MultiPolygon", parts)
		}},
		{cellShare, func() (wire.Geofence, error) { return cells(s.at, 1+d.IntN(5)) }},
		{cityWideShare, func() (wire.Geofence, error) {
			return drawing("Polygon", [][][2]float64{ring(d, s.quarter, 8_000+17_000*d.Float64(), 40+d.IntN(61))})
		}},
		{1, func() (wire.Geofence, error) {
			return drawing("Polygon", [][][2]float64{ring(d, s.town.at, 200_000+600_000*d.Float64(), 100+d.IntN(301))})
		}},
	} {
		if kind -= k.share; kind < 0 {
			fence, err = k.draw()
			return fence, round, err
		}
	}
	return fence, round, nil
}

// shopRadius draws the size of a shop's fence in metres: lognormal round 800, from 200 to 5,000.
func shopRadius(d *rand.Rand) float64 {
	return math.Round(max(200, min(5_000, 800*math.Exp(0.6*d.NormFloat64()))))
}

// ring draws a ring round a place, counter-clockwise and closed, of corners at 0.65 to 1.15 times a radius in metres. One of a quarter of the radius
// lies inside it.
func ring(d *rand.Rand, middle geo.LatLng, radius float64, corners int) [][2]float64 {
	out := make([][2]float64, 0, corners+1)
	for i := range corners {
		bearing := -2 * math.Pi * (float64(i) + 0.8*d.Float64()) / float64(corners)
		p := moved(middle, radius*(0.65+d.Float64()/2), bearing)
		out = append(out, [2]float64{p.Lng, p.Lat})
	}
	return append(out, out[0])
}

// drawing is a fence of GeoJSON coordinates.
func drawing(kind string, coordinates any) (wire.Geofence, error) {
	data, err := json.Marshal(struct {
		Type        string `json:"type"`
		Coordinates any    `json:"coordinates"`
	}{kind, coordinates})
	return wire.Geofence{GeoJSON: data}, err
}

// cells is a fence of the cells at most k steps from that of a place: 7 for one step, 91 for five.
func cells(p geo.LatLng, k int) (wire.Geofence, error) {
	at, err := anyCell.LatLng()
	if err != nil {
		return wire.Geofence{}, fmt.Errorf("place of a cell: %w", err)
	}
	at.Lat, at.Lng = p.Lat, p.Lng // the grid's own type of a place
	middle, err := at.Cell(cellResolution)
	if err != nil {
		return wire.Geofence{}, fmt.Errorf("cell at %v: %w", p, err)
	}
	disk, err := middle.GridDisk(k)
	if err != nil {
		return wire.Geofence{}, fmt.Errorf("cells round %v: %w", p, err)
	}
	out := wire.Geofence{Cells: make([]string, len(disk))}
	for i, c := range disk {
		out.Cells[i] = c.String()
	}
	return out, nil
}

// anyCell is a cell of the coarsest resolution.
const anyCell geo.Cell = 0x8001fffffffffff
