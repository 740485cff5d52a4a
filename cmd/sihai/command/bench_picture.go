package command

import (
	"fmt"
	"strconv"
	"strings"
)

// printBench tells a report as text: what was asked, tables, and the latencies as a picture.
func (r *runner) printBench(b *benchReport) error {
	w, l := b.World, b.Load
	lines := []string{fmt.Sprintf("World      %d campaigns, %d venues, %d merchants, %s round %d cities, seed %d", w.Campaigns, w.Venues, w.Merchants, w.Profile, w.Cities, w.Seed)}
	switch {
	case l.Reused:
		lines = append(lines, "Load       the data folder held it already")
	case l.Campaigns > 0:
		lines = append(lines, fmt.Sprintf("Load       %d campaigns in %.1f s, %.0f a second", l.Campaigns, l.Seconds, each(float64(l.Campaigns), l.Seconds)))
	}
	if l.DiskBytes > 0 {
		lines = append(lines, fmt.Sprintf("On disk    %s, %.0f bytes a campaign", mebibytes(uint64(l.DiskBytes)), l.DiskPerCampaign))
	}
	if l.StartSeconds > 0 {
		lines = append(lines, fmt.Sprintf("Start      %.2f s to open it again; resident %s, %.0f bytes a campaign", l.StartSeconds, mebibytes(uint64(max(0, l.ResidentBytes))), l.ResidentPerEntry))
	}
	if b.Run != nil {
		lines = append(lines, b.Run.lines()...)
	}
	if p := b.Publications; p != nil {
		lines = append(lines, fmt.Sprintf("Published  %d campaigns, %.0f a second; on disk after p50 %s, p99 %s, and seen %s, %s later",
			p.Count, p.PerSecond, shortTime(p.Committed.P50), shortTime(p.Committed.P99), shortTime(p.Visible.P50), shortTime(p.Visible.P99)))
	}
	if b.Memory.HeapBytes > 0 {
		lines = append(lines, fmt.Sprintf("Memory     %s of heap, %s of the process", mebibytes(b.Memory.HeapBytes), mebibytes(b.Memory.ProcessBytes)))
	}
	if b.Interrupted {
		lines = append(lines, "Interrupted: this is what there is.")
	}
	if err := r.print("%s", strings.Join(lines, "\n")); err != nil || len(b.Places) == 0 {
		return err
	}
	if err := r.print(""); err != nil {
		return err
	}
	if err := r.printPlaces(b); err != nil || len(b.Histogram) == 0 {
		return err
	}
	if err := r.print(""); err != nil {
		return err
	}
	return r.printPicture(b.Histogram)
}

// lines tells how the world was asked.
func (u *runReport) lines() []string {
	loop := "each asks again at once"
	if u.Loop == "open" {
		loop = fmt.Sprintf("%.0f requests a second, latencies from when each was due", u.Rate)
	}
	lines := []string{fmt.Sprintf("Run        %s, %d clients, %s, %.1f s: %d decisions, %.0f a second", u.Mode, u.Clients, loop, u.Seconds, u.Requests, u.PerSecond)}
	if s := u.Server; s != nil {
		lines = append(lines, fmt.Sprintf("Server     worked on a request for p50 %s, p90 %s, p99 %s, p99.9 %s", shortTime(s.P50), shortTime(s.P90), shortTime(s.P99), shortTime(s.P999)))
	}
	switch {
	case !u.Logged:
		lines = append(lines, "Log        left out")
	case u.Unlogged > 0:
		lines = append(lines, fmt.Sprintf("Log        did not keep up: %d decisions, those of the warming up among them, are not in it", u.Unlogged))
	default:
		lines = append(lines, "Log        holds every decision")
	}
	return lines
}

func (r *runner) printPlaces(b *benchReport) error {
	var rows [][]string
	for _, p := range b.Places {
		row := []string{p.Kind, decimal(p.Fences), strconv.FormatInt(p.Requests, 10), decimal(p.PerSecond), decimal(p.Offers)}
		rows = append(rows, append(append(row, p.Latency.texts()...), decimal(p.Allocations), decimal(p.Bytes)))
	}
	row := []string{"all", "", strconv.FormatInt(b.Run.Requests, 10), decimal(b.Run.PerSecond), ""}
	rows = append(rows, append(append(row, b.Run.Latency.texts()...), "", ""))
	return r.printTable([]string{"PLACES", "FENCES>", "REQUESTS>", "A SECOND>", "OFFERS>", "P50>", "P90>", "P99>", "P99.9>", "MAX>", "ALLOCS>", "BYTES>"}, rows)
}

// texts are the quantiles as they are shown.
func (l latencyTimes) texts() []string {
	return []string{shortTime(l.P50), shortTime(l.P90), shortTime(l.P99), shortTime(l.P999), shortTime(l.Max)}
}

// pictureWidth is how many characters the longest bar has.
const pictureWidth = 28

// pictureEdge is the share of all requests below which the buckets at either end of a picture are drawn as one.
const pictureEdge = 0.0005

// printPicture draws how the latencies of each kind of place are spread, each kind by the share of its own requests, all in one scale.
func (r *runner) printPicture(buckets []bucketReport) error {
	buckets, first, last := folded(buckets)
	var sums [placeKinds]float64
	for i := range buckets {
		for kind, n := range buckets[i].counts() {
			sums[kind] += float64(n)
		}
	}
	most := 0.0
	for i := range buckets {
		for kind, n := range buckets[i].counts() {
			most = max(most, each(float64(n), sums[kind]))
		}
	}
	header := []string{"LATENCY>"}
	for kind := range placeKinds {
		header = append(header, strings.ToUpper(kind.String()))
	}
	var rows [][]string
	for i := range buckets {
		label := shortTime(buckets[i].From) + " – " + shortTime(buckets[i].To)
		switch {
		case i == 0 && first:
			label = "below " + shortTime(buckets[i].To)
		case i == len(buckets)-1 && last:
			label = "from " + shortTime(buckets[i].From)
		}
		row := []string{label}
		for kind, n := range buckets[i].counts() {
			row = append(row, bar(each(float64(n), sums[kind]), most))
		}
		rows = append(rows, row)
	}
	return r.printTable(header, rows)
}

// folded puts the thin ends of a histogram into one bucket each, and tells whether it did so at the first and at the last.
func folded(buckets []bucketReport) (out []bucketReport, first, last bool) {
	var total int64
	for i := range buckets {
		total += buckets[i].total()
	}
	most := int64(pictureEdge * float64(total))
	out = append(out, buckets...)
	for len(out) > 2 && out[0].total()+out[1].total() <= most {
		out[1].take(out[0])
		out, first = out[1:], true
	}
	for n := len(out) - 1; n > 1 && out[n].total()+out[n-1].total() <= most; n-- {
		out[n-1].take(out[n])
		out, last = out[:n], true
	}
	return out, first, last
}

// bar draws a share against the greatest one, in eighths of a character, with the share in percent behind it; whatever is there shows.
func bar(share, most float64) string {
	if share == 0 {
		return ""
	}
	eighths := max(1, int(share/most*pictureWidth*8+0.5))
	text := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		text += string([]rune("▏▎▍▌▋▊▉")[rest-1])
	}
	return fmt.Sprintf("%s %.2g%%", text, share*100)
}

func decimal(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

func mebibytes(n uint64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }
