package command

import (
	"math"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// benchReport is what bench tells. Times are in seconds or, where the name says so, in microseconds.
type benchReport struct {
	World        worldReport         `json:"world"`
	Load         loadReport          `json:"load"`
	Run          *runReport          `json:"run,omitempty"`
	Places       []placeReport       `json:"places,omitempty"`
	Publications *publicationsReport `json:"publications,omitempty"`
	Memory       memoryReport        `json:"memory"`
	Histogram    []bucketReport      `json:"histogram,omitempty"`
	Interrupted  bool                `json:"interrupted"`
}

// worldReport says what was asked.
type worldReport struct {
	Profile   string `json:"profile"`
	Seed      uint64 `json:"seed"`
	Campaigns int    `json:"campaigns"`
	Venues    int    `json:"venues"`
	Merchants int    `json:"merchants"`
	Cities    int    `json:"cities"`
}

// loadReport says what it took to have the world in the store.
type loadReport struct {
	Reused           bool    `json:"reused"` // the folder held the world already: nothing was loaded
	Campaigns        int     `json:"campaigns"`
	Seconds          float64 `json:"seconds"`
	DiskBytes        int64   `json:"disk_bytes"` // after loading; 0 where nothing was loaded
	DiskPerCampaign  float64 `json:"disk_bytes_per_campaign"`
	StartSeconds     float64 `json:"start_seconds"`  // to open the store again, with everything in memory
	ResidentBytes    int64   `json:"resident_bytes"` // of the heap then, beyond what an empty store takes; work of the store on an old log can be in it
	ResidentPerEntry float64 `json:"resident_bytes_per_campaign"`
}

// runReport says how the world was asked.
type runReport struct {
	Mode      string        `json:"mode"` // in process, http
	Loop      string        `json:"loop"` // closed, open
	Rate      float64       `json:"rate,omitempty"`
	Clients   int           `json:"clients"`
	Logged    bool          `json:"logged"`
	Seconds   float64       `json:"seconds"`
	Requests  int64         `json:"requests"`
	PerSecond float64       `json:"per_second"`
	Refused   int64         `json:"refused"`
	Unlogged  uint64        `json:"dropped_from_log"` // decisions that the log did not keep up with
	Latency   latencyTimes  `json:"latency_us"`
	Server    *latencyTimes `json:"server_us,omitempty"` // of all requests, the warming up among them: how long the server worked on each; over HTTP only
}

// placeReport is about the requests at one kind of place.
type placeReport struct {
	Kind        string       `json:"kind"`
	Fences      float64      `json:"fences"` // that hold a place, on average
	Requests    int64        `json:"requests"`
	PerSecond   float64      `json:"per_second"`
	Offers      float64      `json:"offers"` // of an answer, on average
	Latency     latencyTimes `json:"latency_us"`
	Allocations float64      `json:"allocations"` // of a decision in process, without the log
	Bytes       float64      `json:"allocated_bytes"`
}

// publicationsReport is about the campaigns that were changed meanwhile.
type publicationsReport struct {
	Rate      float64      `json:"rate"`
	Count     int64        `json:"count"`
	PerSecond float64      `json:"per_second"`
	Refused   int64        `json:"refused"`
	Committed latencyTimes `json:"committed_us"` // from when it was sent, or was due where all publishers were busy, until it was on disk
	Visible   latencyTimes `json:"visible_us"`   // from then until requests saw it
}

// memoryReport is about the process at the end of the run.
type memoryReport struct {
	HeapBytes    uint64 `json:"heap_bytes"`
	ProcessBytes uint64 `json:"process_bytes"` // resident, by the system; 0 where it does not tell
}

// latencyTimes are quantiles in microseconds.
type latencyTimes struct {
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p99_9"`
	Max  float64 `json:"max"`
}

// timesOf reads quantiles; zeros of an empty histogram.
func timesOf(h *hdrhistogram.Histogram) latencyTimes {
	at := func(percent float64) float64 { return float64(h.ValueAtQuantile(percent)) / 1e3 }
	return latencyTimes{at(50), at(90), at(99), at(99.9), float64(h.Max()) / 1e3}
}

// bucketReport counts the latencies from one time, inclusive, to another.
type bucketReport struct {
	From    float64 `json:"from_us"`
	To      float64 `json:"to_us"`
	Hot     int64   `json:"hot"`
	Typical int64   `json:"typical"`
	Sparse  int64   `json:"sparse"`
}

// counts are those of a bucket by kind of place.
func (b *bucketReport) counts() [placeKinds]int64 {
	return [placeKinds]int64{b.Hot, b.Typical, b.Sparse}
}

func (b *bucketReport) total() int64 { return b.Hot + b.Typical + b.Sparse }

// take adds a neighbour's counts and its span.
func (b *bucketReport) take(o bucketReport) {
	b.From, b.To = min(b.From, o.From), max(b.To, o.To)
	b.Hot, b.Typical, b.Sparse = b.Hot+o.Hot, b.Typical+o.Typical, b.Sparse+o.Sparse
}

// bucketSteps divide each decade into six of nearly equal ratio.
func bucketSteps() []float64 { return []float64{1, 1.5, 2, 3, 5, 7} }

// bucketsOf counts latencies in logarithmic buckets, from the first to the last in which there are any.
func bucketsOf(t *tally) []bucketReport {
	var bounds []float64
	for decade := 0.1; decade < 1e9; decade *= 10 {
		for _, step := range bucketSteps() {
			bounds = append(bounds, decade*step)
		}
	}
	buckets := make([]bucketReport, len(bounds)-1)
	first, last := len(buckets), -1
	for i := range buckets {
		buckets[i].From, buckets[i].To = bounds[i], bounds[i+1]
	}
	for kind, h := range t.latencies {
		i := 0
		for _, bar := range h.Distribution() {
			if bar.Count == 0 {
				continue
			}
			for i < len(buckets)-1 && float64(bar.From)/1e3 >= buckets[i].To {
				i++
			}
			*[placeKinds]*int64{&buckets[i].Hot, &buckets[i].Typical, &buckets[i].Sparse}[kind] += bar.Count
			first, last = min(first, i), max(last, i)
		}
	}
	if last < 0 {
		return nil
	}
	return buckets[first : last+1]
}

// each divides, and gives 0 where there is nothing to divide by.
func each(sum, count float64) float64 {
	if count == 0 {
		return 0
	}
	return sum / count
}

// tellRun takes what came of asking into the report.
func (b *benchReport) tellRun(t *tally, probes [placeKinds]probe) {
	all := newLatencies()
	for kind := range placeKinds {
		h := t.latencies[kind]
		all.Merge(h)
		n := float64(h.TotalCount())
		b.Places = append(b.Places, placeReport{
			Kind: kind.String(), Fences: roundTo(probes[kind].fences, 1), Requests: h.TotalCount(), PerSecond: math.Round(each(n, t.seconds)),
			Offers: roundTo(each(float64(t.offers[kind]), n), 2), Latency: timesOf(h),
			Allocations: roundTo(probes[kind].allocations, 1), Bytes: math.Round(probes[kind].bytes),
		})
	}
	b.Run.Seconds, b.Run.Requests, b.Run.Refused = t.seconds, t.requests(), t.refused
	b.Run.PerSecond, b.Run.Latency = math.Round(each(float64(t.requests()), t.seconds)), timesOf(all)
	b.Histogram = bucketsOf(t)
}

// tellPublished takes what came of publishing into the report.
func (b *benchReport) tellPublished(rate float64, p *published) {
	b.Publications = &publicationsReport{
		Rate: rate, Count: p.visible.TotalCount(), PerSecond: roundTo(each(float64(p.visible.TotalCount()), p.seconds), 1), Refused: p.refused,
		Committed: timesOf(p.committed), Visible: timesOf(p.visible),
	}
}

func roundTo(x float64, decimals int) float64 {
	unit := math.Pow10(decimals)
	return math.Round(x*unit) / unit
}

// shortTime writes microseconds with three digits.
func shortTime(us float64) string {
	d := time.Duration(us * 1e3)
	unit := time.Duration(1)
	for d >= 1000*unit {
		unit *= 10
	}
	return d.Round(unit).String()
}
