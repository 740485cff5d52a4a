package api

import (
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/sihai-network/sihai/engine"
)

// Options are the parts and the bounds of an API. Parts are required where nothing else is said.
type Options struct {
	Store      engine.Store // is read only: what changes it is the catalog's
	Catalog    engine.Catalog
	Decider    engine.Decider
	Replayer   engine.Replayer
	Events     engine.EventTaker
	Redeemer   engine.Redeemer
	Importer   engine.Importer
	Imports    engine.ImportQueue
	Webhooks   engine.Webhooks
	Erasures   engine.Erasures
	Snapshots  engine.Snapshots
	States     engine.States
	Stager     engine.Stager
	Reporter   engine.Reporter
	Forecaster engine.Forecaster
	Evaluator  engine.Evaluator
	// Experiments makes, starts and ends experiments, and Results tells what came of them.
	Experiments engine.ExperimentDesk
	Results     engine.ExperimentReader
	IDs         engine.IDs
	Clock       engine.Clock
	Logger      *slog.Logger
	// Collectors are metrics of other rooms to tell besides. May be empty.
	Collectors []prometheus.Collector

	// Local is whose a request without a key is, where the API serves this process only and no network; the zero key is nobody.
	Local engine.Key

	MaxBodyBytes   int64 // of a request but an upload; 0: 1 MiB
	MaxUploadBytes int64 // of an upload, decompressed; 0: 1 GiB
	MaxRows        int   // of an upload; 0: a million
	MaxRowBytes    int   // of a row; 0: 1 MiB
	// UploadIdle is how long an upload may send nothing; 0: 30 s.
	UploadIdle time.Duration
	// OperatorMetrics asks for an operator's key on /metrics.
	OperatorMetrics bool
	RatePerSecond   float64 // requests of one key; 0: no limit
	RateBurst       int     // at once; 0: 100
}

// API is the HTTP face of an engine. It is safe for concurrent use.
type API struct {
	Options
	router   *gin.Engine
	metrics  *metrics
	limiter  *limiter
	buffers  buffers
	busy     sync.Map // of onceKey: requests with an idempotency key that are under way
	draining atomic.Bool
}

// New makes an API.
func New(o Options) (*API, error) {
	parts := []any{
		o.Store, o.Catalog, o.Decider, o.Replayer, o.Events, o.Redeemer, o.Importer, o.Imports, o.Webhooks, o.Erasures, o.Snapshots, o.States, o.Stager, o.Reporter, o.Forecaster, o.Experiments, o.Results, o.Evaluator, o.IDs.Random,
	}
	if slices.Contains(parts, nil) || o.Clock == nil {
		return nil, errors.New("make api: a part is missing")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	o.MaxBodyBytes = orDefault(o.MaxBodyBytes, 1<<20)
	o.MaxUploadBytes = orDefault(o.MaxUploadBytes, 1<<30)
	o.UploadIdle = orDefault(o.UploadIdle, 30*time.Second)
	o.RateBurst = orDefault(o.RateBurst, 100)
	a := &API{Options: o, limiter: newLimiter(o.RatePerSecond, o.RateBurst)}
	a.metrics = newMetrics(a)
	for _, c := range o.Collectors {
		if err := a.metrics.registry.Register(c); err != nil {
			return nil, err
		}
	}
	a.router = a.newRouter()
	return a, nil
}

func orDefault[T int | int64 | time.Duration](x, otherwise T) T {
	if x == 0 {
		return otherwise
	}
	return x
}

// Handler returns the whole API as one handler.
func (a *API) Handler() http.Handler { return a.router }

func (a *API) newRouter() *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	router.HandleMethodNotAllowed = true
	router.RedirectTrailingSlash = false
	router.RemoveExtraSlash = false
	router.UseRawPath = true
	_ = router.SetTrustedProxies(nil) // cannot fail on none
	for _, r := range routes() {
		if r.id == "metrics" && a.OperatorMetrics {
			r.open, r.roles = false, []engine.Role{engine.RoleOperator}
		}
		router.Handle(r.method, r.ginPath(), a.serve(r))
	}
	router.NoRoute(a.serve(route{handle: func(*call) error { return engine.ErrNotFound }}))
	router.NoMethod(a.serve(route{handle: func(*call) error { return errMethod }}))
	return router
}
