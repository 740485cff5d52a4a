package geo

import "math"

// descend returns the squares that a fence touches, by going down from the faces: the finest of them at a level, those wholly within as high as may be. around holds the
// fence; classify says more of a square near it, and is nil where the fence is that disc.
func descend(around roundCap, finest int, classify func(s square, center [3]float64) class) tiles {
	w := descent{around: around, classify: classify, finest: finest, chord: chordOf(around.angle)}
	reach := around.angle + float64(coverMargin/EarthRadius)
	for level := range finest + 1 {
		// half a diagonal is no bound where a square is askew: 0.6 of the longest is
		beyond := chordOf(reach + 0.6*maxDiagonal/float64(uint64(1)<<level))
		w.beyond[level] = beyond * beyond * (1 + 1e-12)
	}
	for face := range uint64(facesCount) {
		w.visit(squareOf(face, 0, 0, 0), 0)
	}
	return w.tiles
}

type descent struct {
	around   roundCap
	chord    float64 // of its angle
	classify func(s square, center [3]float64) class
	beyond   [maxLevel + 1]float64 // square of the chord from the axis to the middle of a square beyond which that does not meet the disc, by level
	finest   int
	tiles    tiles
}

// classifyFrom is how many levels above the finest squares are asked about; above that they are only held against the fence's disc.
const classifyFrom = 4

func (w *descent) visit(s square, level int) {
	center := s.center()
	away := chord2(center, w.around.axis)
	if away > w.beyond[level] {
		return
	}
	lies := crossed
	switch {
	case level < w.finest-classifyFrom:
	case w.classify != nil:
		lies = w.classify(s, center)
	default:
		lies = w.hold(s, center, math.Sqrt(away))
	}
	switch {
	case lies == apart:
	case lies == interior && level%levelStep == 0:
		w.tiles.whole = append(w.tiles.whole, s)
	case level == w.finest:
		w.tiles.crossed = append(w.tiles.crossed, s)
	default:
		for n := range uint64(4) {
			w.visit(s.child(n), level+1)
		}
	}
}

// hold holds a square's disc against the fence's by chords: that of a sum of angles is at most the sum of their chords.
func (w *descent) hold(s square, center [3]float64, away float64) class {
	const margin = float64(coverMargin / EarthRadius)
	radius := math.Sqrt(s.radius2(center)) + margin
	switch {
	case away > w.chord+radius:
		return apart
	case away+radius < w.chord:
		return interior
	}
	return crossed
}
