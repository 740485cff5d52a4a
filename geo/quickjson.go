package geo

import "strconv"

// quick reads geometries of the plainest form, as nearly all are that are kept: compact, the type before the coordinates, and without fault. Whatever is otherwise it leaves to
// ParseGeometry, which tells what is wrong with it.
type quick struct {
	data []byte
	bad  bool
}

// parseQuickly returns the fence of a plain geometry; ok is false for any other.
func parseQuickly(data []byte) (f *Fence, ok bool) {
	const polygonHead, multiHead = `{"type":"Polygon","coordinates":`, `{"type":"MultiPolygon","coordinates":`
	var err error
	switch {
	case len(data) > len(polygonHead) && string(data[:len(polygonHead)]) == polygonHead:
		q := quick{data: data[len(polygonHead):]}
		rings := q.rings()
		if q.end(); q.bad {
			return nil, false
		}
		f, err = NewPolygon(rings)
	case len(data) > len(multiHead) && string(data[:len(multiHead)]) == multiHead:
		q := quick{data: data[len(multiHead):]}
		var parts [][][]LatLng
		q.list(func() { parts = append(parts, q.rings()) })
		if q.end(); q.bad {
			return nil, false
		}
		f, err = NewMultiPolygon(parts)
	}
	return f, f != nil && err == nil
}

// list reads an array of at least one item.
func (q *quick) list(item func()) {
	q.take('[')
	for !q.bad {
		if item(); q.bad || len(q.data) == 0 || q.data[0] != ',' {
			break
		}
		q.data = q.data[1:]
	}
	q.take(']')
}

// rings reads the rings of a polygon, each closed.
func (q *quick) rings() (rings [][]LatLng) {
	q.list(func() {
		ring := make([]LatLng, 0, 32)
		q.list(func() { ring = append(ring, q.position()) })
		n := len(ring)
		q.bad = q.bad || n < 4 || ring[0] != ring[n-1]
		rings = append(rings, ring)
	})
	return rings
}

// position reads a valid position without altitude.
func (q *quick) position() (p LatLng) {
	q.take('[')
	p.Lng = q.number()
	q.take(',')
	p.Lat = q.number()
	q.take(']')
	q.bad = q.bad || p.Validate() != nil
	return p
}

// number reads a number without exponent.
func (q *quick) number() float64 {
	n := 0
	if n < len(q.data) && q.data[n] == '-' {
		n++
	}
	whole := q.digits(&n)
	if whole == 0 || whole > 1 && q.data[n-whole] == '0' {
		q.bad = true
		return 0
	}
	if n < len(q.data) && q.data[n] == '.' {
		n++
		q.bad = q.bad || q.digits(&n) == 0
	}
	v, err := strconv.ParseFloat(string(q.data[:n]), 64)
	q.bad = q.bad || err != nil
	q.data = q.data[n:]
	return v
}

// digits moves n behind the digits there and returns how many.
func (q *quick) digits(n *int) int {
	from := *n
	for *n < len(q.data) && q.data[*n] >= '0' && q.data[*n] <= '9' {
		*n++
	}
	return *n - from
}

func (q *quick) take(c byte) {
	if q.bad || len(q.data) == 0 || q.data[0] != c {
		q.bad = true
		return
	}
	q.data = q.data[1:]
}

// end reads the end of the geometry.
func (q *quick) end() {
	q.take('}')
	q.bad = q.bad || len(q.data) > 0
}
