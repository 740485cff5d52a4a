package geo

import "math"

// span is a box in the plane of longitudes and latitudes that holds a square, with the scale that makes it clipUnits from its middle to its sides. Middle and scale are
// rounded to what a shard keeps of them, so that whoever makes a clip and whoever asks it see the same box.
type span struct {
	x, y           int32   // middle, in 2^-31 of a half turn
	scaleX, scaleY float32 // units to a degree
}

// clipUnits is half a span's side, clipEdge that of the box to which lines are cut, which holds it: in fifteen bits.
const (
	clipUnits = 16_000
	clipEdge  = 16_370
)

// spanStep is the degrees of a step of a span's middle.
const spanStep = 180.0 / (1 << 31)

// spanMargin, in degrees, is above the rounding of a middle to steps and of a corner's longitude and latitude.
const spanMargin = 2e-7

// span returns the box round the square; ok is false by the poles, and for squares so large that a box is none of use. Between its corners the longitude of
// a great circle is monotonic, and its latitude is off the straight line by at most h²/2 tan φ, h half the arc: φ″ = -λ′² sin φ cos φ along an arc, of which λ′ cos φ is at most 1.
func (s square) span() (b span, ok bool) {
	middle, corners := s.center(), s.corners()
	radius := angleOf(farthest2(middle, corners))
	center := position(middle)
	highest := radians(math.Abs(center.Lat)) + radius
	if highest > 1.5 || radius > 0.5 {
		return span{}, false
	}
	b.x, b.y = steps(center.Lng), steps(center.Lat)
	at := b.middle()
	var halfX, halfY float64
	for _, v := range corners {
		corner := position(v)
		east := corner.Lng - at.Lng
		halfX = max(halfX, math.Abs(east+wrap(east)))
		halfY = max(halfY, math.Abs(corner.Lat-at.Lat))
	}
	halfY += radius * radius * math.Tan(highest) * 180 / math.Pi
	b.scaleX, b.scaleY = float32(clipUnits/(halfX+spanMargin)), float32(clipUnits/(halfY+spanMargin))
	return b, halfX < 90
}

// steps rounds degrees, of which 180 is the last step before it.
func steps(degrees float64) int32 {
	return int32(max(math.MinInt32, min(math.MaxInt32, math.Round(degrees/spanStep))))
}

func (b *span) middle() LatLng {
	return LatLng{Lat: float64(b.y) * spanStep, Lng: float64(b.x) * spanStep}
}

// at returns a place of the square in units from the middle, rounded.
func (b *span) at(p LatLng) (x, y int32) {
	m := b.middle()
	lng := p.Lng - m.Lng
	lng += wrap(lng)
	return int32(math.Round(lng * float64(b.scaleX))), int32(math.Round((p.Lat - m.Lat) * float64(b.scaleY)))
}

// box returns the box to which lines are cut.
func (b *span) box() box {
	m := b.middle()
	return box{x: m.Lng, y: m.Lat, halfX: clipEdge / float64(b.scaleX), halfY: clipEdge / float64(b.scaleY)}
}

// appendSpan appends the words of the square's span, as a shard keeps them.
func (s square) appendSpan(dst []uint32) []uint32 {
	b, _ := s.span()
	return append(dst, uint32(b.x), uint32(b.y), math.Float32bits(b.scaleX), math.Float32bits(b.scaleY))
}

// spanOf reads what appendSpan wrote.
func spanOf(words []uint32) span {
	return span{int32(words[0]), int32(words[1]), math.Float32frombits(words[2]), math.Float32frombits(words[3])}
}
