package api

import (
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/sihai-network/sihai/engine"
)

// metrics are what /metrics tells.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	offers   prometheus.Counter
	rejected *prometheus.CounterVec
	empty    prometheus.Counter
}

func newMetrics(a *API) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sihai_http_requests_total", Help: "Requests answered, by method, route and status.",
		}, []string{"method", "route", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "sihai_http_request_duration_seconds", Help: "Time from a request's head to the end of its answer, by route.",
			Buckets: []float64{.00005, .0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 5, 30},
		}, []string{"route"}),
		offers:   prometheus.NewCounter(prometheus.CounterOpts{Name: "sihai_offers_total", Help: "Offers given by decisions."}),
		empty:    prometheus.NewCounter(prometheus.CounterOpts{Name: "sihai_empty_placements_total", Help: "Placements of decisions that got no offer."}),
		rejected: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "sihai_rejections_total", Help: "Rejections told by decisions that were asked to explain, by first reason."}, []string{"reason"}),
	}
	m.registry.MustRegister(
		m.requests, m.duration, m.offers, m.empty, m.rejected,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		a.gauge("sihai_catalog_version", "Position in the change feed of the published snapshot.", func(s *engine.Snapshot) float64 { return float64(s.Version) }),
		a.gauge("sihai_catalog_listings", "Campaigns in the published snapshot.", func(s *engine.Snapshot) float64 { return float64(s.Listings) }),
	)
	return m
}

// usual is the counters of a route's usual answer, looked up at its first one: 200, by the method and path that the route has.
type usual struct{ found atomic.Pointer[usualCounters] }

type usualCounters struct {
	method, path string
	requests     prometheus.Counter
	duration     prometheus.Observer
}

// observe counts an answer and the time that it took.
func (m *metrics) observe(u *usual, method, path string, status int, took time.Duration) {
	found := u.found.Load()
	if found == nil || status != http.StatusOK || found.method != method || found.path != path {
		found = &usualCounters{
			method: method, path: path,
			requests: m.requests.WithLabelValues(method, path, strconv.Itoa(status)), duration: m.duration.WithLabelValues(path),
		}
		if status == http.StatusOK {
			u.found.Store(found)
		}
	}
	found.requests.Inc()
	found.duration.Observe(took.Seconds())
}

// gauge reads a number off the published snapshot, 0 before the first.
func (a *API) gauge(name, help string, read func(*engine.Snapshot) float64) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 {
		if s := a.Snapshots.Snapshot(); s != nil {
			return read(s)
		}
		return 0
	})
}

// decided counts what a decision gave.
func (m *metrics) decided(d *engine.Decision) {
	for i := range d.Placements {
		p := &d.Placements[i]
		m.offers.Add(float64(len(p.Offers)))
		if len(p.Offers) == 0 {
			m.empty.Inc()
		}
		for j := range p.Rejected {
			m.rejected.WithLabelValues(p.Rejected[j].Reasons[0].Code.String()).Inc()
		}
	}
}

// metricsPage answers GET /metrics.
func metricsPage(c *call) error {
	promhttp.HandlerFor(c.api.metrics.registry, promhttp.HandlerOpts{}).ServeHTTP(c.Writer, c.Request)
	return nil
}
