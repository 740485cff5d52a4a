package command

import (
	"fmt"
	"html"
	page "html/template"
	"math"
	"slices"
	"strconv"
	"strings"
)

// The measures of pictures, in units of SVG; a page scales them to its width.
const (
	sketchWidth = 720.0
	sketchRow   = 22.0
	sketchLabel = 190.0
	sketchEdge  = 14.0
)

// marked is a row of a picture of dots: a value and how sure it is. What is NaN is not drawn.
type marked struct {
	label, note      string
	value, low, high float64
}

// axis takes numbers to places.
type axis struct{ low, high, from, to float64 }

// axisOf spans what is finite of some numbers, with a little air.
func axisOf(from, to float64, numbers ...float64) axis {
	a := axis{math.Inf(1), math.Inf(-1), from, to}
	for _, x := range numbers {
		if !math.IsNaN(x) && !math.IsInf(x, 0) {
			a.low, a.high = min(a.low, x), max(a.high, x)
		}
	}
	if a.low > a.high {
		a.low, a.high = 0, 1
	}
	air := 0.05 * (a.high - a.low)
	if air == 0 {
		air = max(math.Abs(a.low)/10, 0.01)
	}
	a.low, a.high = a.low-air, a.high+air
	return a
}

func (a axis) at(x float64) float64 {
	return a.from + (min(max(x, a.low), a.high)-a.low)/(a.high-a.low)*(a.to-a.from)
}

// ticks returns some round numbers of an axis (Heckbert, Nice Numbers for Graph Labels, Graphics Gems, 1990).
func (a axis) ticks() (out []float64) {
	raw := (a.high - a.low) / 5
	step := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, times := range []float64{1, 2, 5, 10} {
		if times*step >= raw {
			step *= times
			break
		}
	}
	for n := math.Ceil(a.low / step); n*step <= a.high && len(out) < 20; n++ {
		out = append(out, n*step)
	}
	return out
}

// sketch is an SVG picture under way.
type sketch struct{ strings.Builder }

// begin begins a picture that tells its title to those who do not see it.
func (d *sketch) begin(title string, height float64) {
	fmt.Fprintf(d, `<svg viewBox="0 0 %g %s" role="img"><title>%s</title>`, sketchWidth, px(height), html.EscapeString(title))
}

func (d *sketch) end() page.HTML {
	d.WriteString("</svg>")
	return page.HTML(d.String()) // numbers, own words, and texts that were escaped
}

func (d *sketch) line(class string, x1, y1, x2, y2 float64) {
	fmt.Fprintf(d, `<line class="%s" x1="%s" y1="%s" x2="%s" y2="%s"/>`, class, px(x1), px(y1), px(x2), px(y2))
}

func (d *sketch) dot(x, y float64) {
	fmt.Fprintf(d, `<circle class="dot" cx="%s" cy="%s" r="4"/>`, px(x), px(y))
}

func (d *sketch) text(class string, x, y float64, text string) {
	fmt.Fprintf(d, `<text class="%s" x="%s" y="%s">%s</text>`, class, px(x), px(y), html.EscapeString(text))
}

func px(x float64) string { return strconv.FormatFloat(math.Round(x*10)/10, 'f', -1, 64) }

func tickText(x float64) string { return strconv.FormatFloat(x, 'g', 3, 64) }

// grid draws an axis from left to right.
func (d *sketch) grid(a axis, top, bottom float64, name string) {
	for _, x := range a.ticks() {
		d.line("grid", a.at(x), top, a.at(x), bottom)
		d.text("tick mid", a.at(x), bottom+14, tickText(x))
	}
	d.text("tick mid", (a.from+a.to)/2, bottom+28, name)
}

// dots draws a row for each marked, and a line at zero where that is in the picture.
func dots(title, name string, marks []marked) page.HTML {
	var d sketch
	var numbers []float64
	for _, m := range marks {
		numbers = append(numbers, m.value, m.low, m.high)
	}
	height := sketchEdge + sketchRow*float64(len(marks))
	a := axisOf(sketchLabel+8, sketchWidth-110, numbers...)
	d.begin(title, height+36)
	d.grid(a, sketchEdge, height, name)
	if a.low < 0 && a.high > 0 {
		d.line("zero", a.at(0), sketchEdge, a.at(0), height)
	}
	for i, m := range marks {
		y := sketchEdge + sketchRow*(float64(i)+0.5)
		d.text("label end", sketchLabel, y+4, shortened(m.label, 30))
		if !math.IsNaN(m.low) && !math.IsNaN(m.high) {
			d.line("range", a.at(m.low), y, a.at(m.high), y)
		}
		if !math.IsNaN(m.value) {
			d.dot(a.at(m.value), y)
		}
		d.text("tick", sketchWidth-104, y+4, m.note)
	}
	return d.end()
}

// short cuts a text for a label.
func shortened(text string, most int) string {
	if letters := []rune(text); len(letters) > most {
		return string(letters[:most-1]) + "…"
	}
	return text
}

// reading is a point of a curve, and how sure its height is.
type reading struct{ x, y, low, high float64 }

// curve draws points that are joined, and, where both axes tell the same, the diagonal.
func curve(title, across, up string, spots []reading, diagonal bool) page.HTML {
	const height = 300.0
	var d sketch
	var xs, ys []float64
	for _, s := range spots {
		xs, ys = append(xs, s.x), append(ys, s.y, s.low, s.high)
	}
	if diagonal {
		ys = append(ys, slices.Max(xs))
	}
	x, y := axisOf(64, sketchWidth-sketchEdge, xs...), axisOf(height, sketchEdge+16, ys...)
	d.begin(title, height+36)
	d.grid(x, sketchEdge+16, height, across)
	for _, t := range y.ticks() {
		d.line("grid", x.from, y.at(t), x.to, y.at(t))
		d.text("tick end", x.from-6, y.at(t)+4, tickText(t))
	}
	d.text("tick", 8, sketchEdge, up)
	if low, high := max(x.low, y.low), min(x.high, y.high); diagonal && low < high {
		d.line("zero", x.at(low), y.at(low), x.at(high), y.at(high))
	}
	for i, s := range spots {
		if i > 0 {
			d.line("curve", x.at(spots[i-1].x), y.at(spots[i-1].y), x.at(s.x), y.at(s.y))
		}
		if !math.IsNaN(s.low) && !math.IsNaN(s.high) {
			d.line("range", x.at(s.x), y.at(s.low), x.at(s.x), y.at(s.high))
		}
		d.dot(x.at(s.x), y.at(s.y))
	}
	return d.end()
}

// countBar is a bar with its name.
type countBar struct {
	name  string
	count int
}

// bars draws counts beside each other.
func bars(title, across string, columns []countBar) page.HTML {
	const height = 220.0
	var d sketch
	most := 1
	for _, c := range columns {
		most = max(most, c.count)
	}
	width := (sketchWidth - 2*sketchEdge) / float64(max(len(columns), 1))
	d.begin(title, height+36)
	for i, c := range columns {
		h := (height - sketchEdge - 16) * float64(c.count) / float64(most)
		x := sketchEdge + width*float64(i)
		fmt.Fprintf(&d, `<rect class="bar" x="%s" y="%s" width="%s" height="%s"/>`, px(x+2), px(height-h), px(max(width-4, 1)), px(h))
		d.text("tick mid", x+width/2, height+14, c.name)
		d.text("tick mid", x+width/2, height-h-4, strconv.Itoa(c.count))
	}
	d.text("tick mid", sketchWidth/2, height+30, across)
	return d.end()
}
