package engine

import (
	"errors"

	"github.com/sihai-network/sihai/geo"
)

// Compile sets g.Fence from the shape that is set. The error is Faults with paths from g's own root ("circle.radius",
// "geojson.coordinates[0]"), and g.Fence is nil then. Cost: linear in the vertices, and n log n for a check of each ring.
func (g *Geofence) Compile() error {
	g.Fence = nil
	var faults Faults
	shapes := 0
	var fence *geo.Fence
	var err error
	path := ""
	if g.Circle != nil {
		shapes++
		fence, err = geo.NewCircle(g.Circle.Center, g.Circle.Radius)
		path = "circle"
	}
	if g.GeoJSON != nil {
		shapes++
		fence, err = geo.ParseGeometry(g.GeoJSON)
		path = "geojson"
	}
	if g.Cells != nil {
		shapes++
		fence, err = geo.NewCellSet(g.Cells)
		path = "cells"
	}
	if shapes != 1 {
		faults.Add("", "invalid", "a geofence has exactly one of circle, geojson and cells, not %d of them", shapes)
		return faults
	}
	if err != nil {
		return shapeFaults(path, err)
	}
	g.Fence = fence
	return nil
}

// shapeFaults puts the faults of a shape under its path.
func shapeFaults(path string, err error) Faults {
	var faults Faults
	var many geo.Faults
	switch {
	case errors.As(err, &many):
		for _, f := range many {
			at := path
			switch {
			case f.Path == "":
			case f.Path[0] == '[':
				at += f.Path
			default:
				at += "." + f.Path
			}
			faults.Add(at, f.Code, "%s", f.Message)
		}
	case errors.Is(err, geo.ErrRadius):
		faults.Add(path+".radius", "out_of_range", "%v", err)
	case errors.Is(err, geo.ErrPosition):
		faults.Add(path, "out_of_range", "%v", err)
	default:
		faults.Add(path, "invalid", "%v", err)
	}
	return faults
}
