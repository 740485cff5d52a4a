package command

import (
	"fmt"
	"image/color"
	"path/filepath"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"github.com/sihai-network/sihai/engine/wire"
)

// The colours of charts, told apart by those who see red and green alike (Okabe and Ito, Color Universal Design, 2008).
var (
	blue   = color.RGBA{0, 114, 178, 255}
	orange = color.RGBA{230, 159, 0, 255}
	green  = color.RGBA{0, 158, 115, 255}
	band   = color.RGBA{0, 114, 178, 60}
)

// The size of a chart.
const (
	chartWidth  = 24 * vg.Centimeter
	chartHeight = 12 * vg.Centimeter
)

// checkChart refuses a file whose name does not say what to draw; empty is no file.
func checkChart(name string) error {
	switch ext := filepath.Ext(name); {
	case name == "", ext == ".svg", ext == ".png":
		return nil
	default:
		return usagef("--chart %q ends neither in .svg nor in .png", name)
	}
}

// newChart begins a chart over time.
func newChart(title, format string) *plot.Plot {
	p := plot.New()
	p.Title.Text = title
	p.X.Tick.Marker = plot.TimeTicks{Format: format}
	p.Y.Min = 0
	p.Legend.Top = true
	p.Add(plotter.NewGrid())
	return p
}

func save(p *plot.Plot, name string) error {
	if err := p.Save(chartWidth, chartHeight, name); err != nil {
		return fmt.Errorf("draw %s: %w", name, err)
	}
	return nil
}

// addLine adds a line with a name in the legend.
func addLine(p *plot.Plot, name string, points plotter.XYs, c color.Color) error {
	if len(points) == 0 {
		return nil
	}
	line, err := plotter.NewLine(points)
	if err != nil {
		return fmt.Errorf("draw %s: %w", name, err)
	}
	line.Color, line.Width = c, vg.Points(1.5)
	p.Add(line)
	p.Legend.Add(name, line)
	return nil
}

// drawReport draws what was shown, tapped and used by day.
func drawReport(name string, r *wire.Report) error {
	what := r.MerchantID
	if r.CampaignID != "" {
		what += " / " + r.CampaignID
	}
	p := newChart(fmt.Sprintf("%s, %s to %s", what, r.From, r.Until), "01-02")
	p.Y.Label.Text = "offers a day"
	for _, x := range []struct {
		name  string
		color color.Color
		of    func(*wire.Numbers) int64
	}{
		{"shown", blue, func(n *wire.Numbers) int64 { return n.Shown }},
		{"clicks", orange, func(n *wire.Numbers) int64 { return n.Clicks }},
		{"redeemed", green, func(n *wire.Numbers) int64 { return n.Redeemed }},
	} {
		var points plotter.XYs
		for i := range r.Days {
			day, err := time.Parse(time.DateOnly, r.Days[i].Key)
			if err != nil {
				return fmt.Errorf("draw day %q: %w", r.Days[i].Key, err)
			}
			points = append(points, plotter.XY{X: float64(day.Unix()), Y: float64(x.of(&r.Days[i].Numbers))})
		}
		if err := addLine(p, x.name, points, x.color); err != nil {
			return err
		}
	}
	return save(p, name)
}

// drawForecast draws the showings by hour, with the band in which they will lie.
func drawForecast(name string, f *wire.Forecast) error {
	p := newChart(fmt.Sprintf("%s: showings an hour, with the %.0f %% band", f.CampaignID, 100*f.Level), "01-02 15h")
	p.Y.Label.Text = "showings an hour"
	var mean, around plotter.XYs
	for _, h := range f.Hours {
		at, err := time.Parse(time.RFC3339, h.Start)
		if err != nil {
			return fmt.Errorf("draw hour %q: %w", h.Start, err)
		}
		_, offset := at.Zone()
		x := float64(at.Unix() + int64(offset)) // as the venues' clock shows it
		mean = append(mean, plotter.XY{X: x, Y: h.Showings.Mean})
		around = append(around, plotter.XY{X: x, Y: h.Showings.High})
	}
	for i := len(f.Hours) - 1; i >= 0; i-- {
		around = append(around, plotter.XY{X: mean[i].X, Y: f.Hours[i].Showings.Low})
	}
	if len(around) > 0 {
		shade, err := plotter.NewPolygon(around)
		if err != nil {
			return fmt.Errorf("draw band: %w", err)
		}
		shade.Color, shade.LineStyle.Width = band, 0
		p.Add(shade)
	}
	if err := addLine(p, "expected", mean, blue); err != nil {
		return err
	}
	return save(p, name)
}
