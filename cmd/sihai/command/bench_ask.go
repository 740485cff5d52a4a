package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"runtime"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/decision"
	"github.com/sihai-network/sihai/engine/ledger"
	"github.com/sihai-network/sihai/engine/wire"
	"github.com/sihai-network/sihai/geo"
)

// asker puts requests to an app.
type asker struct {
	ask   func(client int, p *place) (offers int, err error)
	close func() error
	// served returns how long the server worked on each request so far, in nanoseconds, from its headers on; nil: no server does.
	served func() *hdrhistogram.Histogram
}

// inProcessAsker calls a decider.
func inProcessAsker(d engine.Decider) asker {
	ask := func(_ int, p *place) (int, error) {
		made, err := d.Decide(context.Background(), p.request, nil)
		if err != nil {
			return 0, err
		}
		return len(made.Placements[0].Offers), nil
	}
	return asker{ask: ask, close: func() error { return nil }}
}

// answerPatience bounds the wait for an answer.
const answerPatience = 30 * time.Second

// httpAsker serves an app on a free port of this machine and asks it there, each client on a connection of its own that it keeps.
func (b *bench) httpAsker(ctx context.Context, a *app, clients int) (asker, error) {
	key, err := a.target().CreateKey(ctx, wire.Key{Role: "app", Note: "bench"})
	if err != nil {
		return asker{}, err
	}
	served, err := a.face(engine.Key{})
	if err != nil {
		return asker{}, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return asker{}, fmt.Errorf("listen: %w", err)
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx)) // the answers under way are waited for
	ended := make(chan error, 1)
	watch := &stopwatch{handler: served.Handler(), times: newLatencies()}
	go func() { ended <- serveHTTP(serving, l, watch) }()
	transport := &http.Transport{MaxIdleConnsPerHost: clients, DisableCompression: true}
	c := httpClients{
		url:    "http://" + l.Addr().String() + "/v1/decisions",
		header: http.Header{"Authorization": {"Bearer " + key.Secret}, "Content-Type": {"application/json"}},
		http:   &http.Client{Transport: transport, Timeout: answerPatience},
		bodies: make([]bytes.Buffer, clients),
	}
	return asker{ask: c.ask, close: func() error {
		transport.CloseIdleConnections()
		stop()
		return <-ended
	}, served: watch.told}, nil
}

// stopwatch is a handler that tells how long it takes.
type stopwatch struct {
	handler http.Handler
	mu      sync.Mutex // guards times
	times   *hdrhistogram.Histogram
}

func (s *stopwatch) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	begin := time.Now()
	s.handler.ServeHTTP(w, r)
	took := time.Since(begin)
	s.mu.Lock()
	defer s.mu.Unlock()
	record(s.times, took)
}

func (s *stopwatch) told() *hdrhistogram.Histogram {
	s.mu.Lock()
	defer s.mu.Unlock()
	return hdrhistogram.Import(s.times.Export())
}

// serveHTTP serves until ctx ends, and then answers what is under way.
func serveHTTP(ctx context.Context, l net.Listener, h http.Handler) error {
	server := &http.Server{Handler: h, ReadHeaderTimeout: answerPatience}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerPatience)
	defer cancel()
	return server.Shutdown(ending)
}

// httpClients asks over a network.
type httpClients struct {
	url    string
	header http.Header
	http   *http.Client
	bodies []bytes.Buffer // of the answers, by client
}

func (c *httpClients) ask(client int, p *place) (int, error) {
	req, err := http.NewRequest(http.MethodPost, c.url, bytes.NewReader(p.body))
	if err != nil {
		return 0, err
	}
	req.Header = c.header
	res, err := c.http.Do(req)
	if err != nil {
		return 0, err
	}
	body := &c.bodies[client]
	body.Reset()
	_, err = io.Copy(body, res.Body)
	_ = res.Body.Close()
	switch {
	case err != nil:
		return 0, fmt.Errorf("read answer: %w", err)
	case res.StatusCode != http.StatusOK:
		return 0, fmt.Errorf("server answered %s: %.200s", res.Status, body)
	}
	return bytes.Count(body.Bytes(), []byte(`"offer_id":`)), nil
}

// noLog forgets decisions.
type noLog struct{}

func (noLog) AppendDecisions(context.Context, []*engine.Decision) error { return nil }

func (noLog) Decision(context.Context, string) (*engine.Decision, error) {
	return nil, engine.ErrNotFound
}

// unlogged returns a decider of an app that forgets its decisions; it is to be closed.
func (a *app) unlogged() (*decision.Service, error) {
	o := a.options
	return decision.New(decision.Options{
		Snapshots: a.publisher, Limits: ledger.NewMeter(ledger.NewVenueZones(a.store, o.env.Now)), Log: noLog{}, IDs: engine.IDs{Random: o.env.Random},
		DefaultSpend: engine.Money(o.Decision.DefaultSpend), IPAccuracy: geo.Meters(o.Decision.IPAccuracy),
		WalkingSpeed: walking(o.Decision.WalkingSpeed), Language: o.Decision.Language, Logger: o.logger,
	})
}

// probe is what one decision at a kind of place costs and finds, on average.
type probe struct {
	fences      float64
	allocations float64
	bytes       float64
}

// probed is the decisions that an average is taken over, and rounds how often: background work can only add, so the least counts.
const (
	probed      = 128
	probeRounds = 3
)

// probe looks at each kind of place, before others ask.
func (a *app) probe(all *places) (out [placeKinds]probe, err error) {
	d, err := a.unlogged()
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	index := a.publisher.Snapshot().Fences
	var handles []uint32
	for kind := range placeKinds {
		p := probe{allocations: math.Inf(1), bytes: math.Inf(1)}
		some := all[kind][:probed]
		for i := range some {
			handles = index.Lookup(handles[:0], some[i].at)
			p.fences += float64(len(handles)) / probed
		}
		for range probeRounds {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for i := range some {
				if _, err := d.Decide(context.Background(), some[i].request, nil); err != nil {
					return out, err
				}
			}
			runtime.ReadMemStats(&after)
			p.allocations = min(p.allocations, float64(after.Mallocs-before.Mallocs)/probed)
			p.bytes = min(p.bytes, float64(after.TotalAlloc-before.TotalAlloc)/probed)
		}
		out[kind] = p
	}
	return out, nil
}
