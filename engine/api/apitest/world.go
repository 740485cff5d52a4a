package apitest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/analysis"
	"github.com/sihai-network/sihai/engine/api"
	"github.com/sihai-network/sihai/engine/catalog"
	"github.com/sihai-network/sihai/engine/decision"
	"github.com/sihai-network/sihai/engine/ledger"
	"github.com/sihai-network/sihai/engine/privacy"
	"github.com/sihai-network/sihai/engine/webhook"
	"github.com/sihai-network/sihai/engine/wire"
	"github.com/sihai-network/sihai/store"
	"github.com/sihai-network/sihai/store/badgerkv"
	"github.com/sihai-network/sihai/store/kv"
	"github.com/sihai-network/sihai/store/spool"
)

// OperatorKey is the secret of the operator's key that each world has.
const OperatorKey = "operator-of-the-tests"

// Options say what a world is like. The zero value is a world in memory.
type Options struct {
	Dir    string                 // data folder, which outlives the world; empty: in memory
	Now    engine.Clock           // nil: time.Now
	Logger *slog.Logger           // nil: nothing is told
	Change func(*api.Options)     // changes the API's options before it is made; nil: none
	Hooks  func(*webhook.Options) // the same of the webhooks'
	// Timeouts of the server. Zero fields take the API's own defaults.
	Timeouts api.Timeouts
	// Paused leaves imports that were answered before they are read to the next world on the folder.
	Paused bool

	uploads string // folder of uploads that wait
}

// World is a running server and the parts behind it.
type World struct {
	URL  string // http://127.0.0.1:port
	Addr string // 127.0.0.1:port
	// HTTP keeps connections of its own, which end with the world.
	HTTP *http.Client

	Store *store.DB

	disk *badgerkv.Engine

	publisher *catalog.Publisher
	decider   *decision.Service
	book      *ledger.Book
	// Hooks look by themselves, and when they are told to.
	Hooks *webhook.Service
	// Sweeper sweeps when it is told to.
	Sweeper *privacy.Sweeper
	// Watch looks at experiments when it is told to.
	Watch     *analysis.ExperimentWatch
	scheduler *catalog.Scheduler
	// Learner learns when it is told to.
	Learner   *analysis.Learner
	queue     *catalog.Queue
	drain     context.CancelFunc
	served    chan error
	closeOnce sync.Once
	closed    error
	ended     bool // by End
}

// Open puts the rooms together and serves. The world is closed at the end of the test; a failure to do either fails it.
func Open(tb testing.TB, o Options) *World {
	tb.Helper()
	if o.uploads = filepath.Join(o.Dir, "uploads"); o.Dir == "" {
		o.uploads = tb.TempDir()
	}
	w, err := open(tb.Context(), o)
	if err != nil {
		tb.Fatalf("open world: %v", err)
	}
	tb.Cleanup(func() {
		if err := w.Close(); err != nil && !w.ended {
			tb.Errorf("close world: %v", err)
		}
	})
	return w
}

func open(ctx context.Context, o Options) (_ *World, err error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	w := &World{HTTP: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.closeParts())
		}
	}()
	disk, err := badgerkv.Open(badgerkv.Options{Dir: o.Dir, InMemory: o.Dir == ""})
	if err != nil {
		return nil, err
	}
	w.disk = disk
	if w.Store, err = store.Open(ctx, disk, store.Options{Clock: o.Now}); err != nil {
		return nil, errors.Join(err, disk.Close())
	}
	face, err := w.openParts(ctx, o)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	w.Addr = listener.Addr().String()
	w.URL = "http://" + w.Addr
	serving, drain := context.WithCancel(context.WithoutCancel(ctx))
	w.drain, w.served = drain, make(chan error, 1)
	go func() { w.served <- face.Serve(serving, listener, o.Timeouts) }()
	return w, nil
}

// openParts makes what stands between the store and the network.
func (w *World) openParts(ctx context.Context, o Options) (*api.API, error) {
	service := catalog.New(catalog.Options{Store: w.Store, Zones: catalog.NewZones(), Random: rand.Reader, Now: o.Now})
	if err := service.Seed(ctx, o.Now().UTC()); err != nil {
		return nil, err
	}
	write := engine.Write{At: o.Now().UTC(), By: "bootstrap"}
	if _, err := service.ImportKey(ctx, write, engine.Key{Role: engine.RoleOperator}, OperatorKey); err != nil {
		return nil, err
	}
	files, err := spool.Open(o.uploads, 0)
	if err != nil {
		return nil, err
	}
	w.queue, err = catalog.OpenQueue(ctx, catalog.QueueOptions{Service: service, Spool: files, Logger: o.Logger, Paused: o.Paused, Open: func(src io.Reader, i engine.Import) (engine.RowReader, error) {
		return wire.OpenKept(src, wire.Upload{Kind: i.Kind, Format: i.Format, FeedOptions: i.Feed}, 1<<30)
	}})
	if err != nil {
		return nil, err
	}
	meter := ledger.NewMeter(ledger.NewVenueZones(w.Store, o.Now))
	taker, err := ledger.OpenTaker(ctx, ledger.Options{Log: w.Store, Decisions: recorded{w}, Meter: meter, Now: o.Now})
	if err != nil {
		return nil, err
	}
	pricer, err := ledger.NewPricer(ledger.PricerOptions{Meter: meter, Log: w.Store, Now: o.Now})
	if err != nil {
		return nil, err
	}
	w.publisher, err = catalog.OpenPublisher(ctx, catalog.PublisherOptions{
		Store: w.Store, Packer: store.Packer{}, Popularity: meter.Popularity, Epochs: w.Store, Prices: pricer, Beliefs: w.Store, Logger: o.Logger,
	})
	if err != nil {
		return nil, err
	}
	ids := engine.IDs{Random: rand.Reader}
	w.decider, err = decision.New(decision.Options{Snapshots: w.publisher, Limits: meter, Log: w.Store, IDs: ids, Logger: o.Logger})
	if err != nil {
		return nil, err
	}
	states := catalog.NewStates(w.Store, meter)
	hooks := webhook.Options{
		Outbox: w.Store, Catalog: w.Store, Movements: w.Store, Zones: states, Impressions: meter.Impressions, IDs: ids, Now: o.Now, Logger: o.Logger,
	}
	if o.Hooks != nil {
		o.Hooks(&hooks)
	}
	w.Hooks, err = webhook.Open(ctx, hooks)
	if err != nil {
		return nil, err
	}
	w.Hooks.Start()
	w.book, err = ledger.OpenBook(ctx, ledger.BookOptions{
		Accounts: w.Store, Purchases: w.Store, Keys: w.Store, Snapshots: w.publisher, Rules: w.decider, Decisions: w.decider, Meter: meter, IDs: ids, Now: o.Now, Logger: o.Logger,
		Moved: w.Hooks.Moved,
	})
	if err != nil {
		return nil, err
	}
	w.Sweeper, err = privacy.Open(privacy.Options{
		Histories: w.Store, Forget: meter.Forget, IDs: ids, Now: o.Now, Logger: o.Logger, Positions: 7 * 24 * time.Hour, Settle: -1, Pause: -1,
	})
	if err != nil {
		return nil, err
	}
	w.scheduler, err = catalog.OpenScheduler(ctx, catalog.SchedulerOptions{Service: service, Now: o.Now, Every: -1, Logger: o.Logger})
	if err != nil {
		return nil, err
	}
	replayer, err := decision.NewReplayer(decision.ReplayerOptions{
		Pasts: catalog.NewRebuilder(catalog.RebuilderOptions{Store: w.Store, Packer: store.Packer{}, Snapshots: w.publisher, Logger: o.Logger}),
	})
	if err != nil {
		return nil, err
	}
	logs := analysis.Sources{Decisions: w.Store, Events: w.Store, Accounts: w.Store}
	reporter, err := analysis.NewReporter(analysis.ReporterOptions{Sources: logs, Tallies: w.Store, Decisions: w.Store, Venues: w.Store})
	if err != nil {
		return nil, err
	}
	w.Learner, err = analysis.OpenLearner(ctx, analysis.LearnerOptions{Log: analysis.NewLog(logs), Profiles: w.Store, Beliefs: w.Store, Now: o.Now, Logger: o.Logger, Every: -1})
	if err != nil {
		return nil, err
	}
	forecaster, err := analysis.NewForecaster(analysis.ForecasterOptions{
		Log: analysis.NewLog(logs), Snapshots: w.publisher, Compiler: w.publisher, Trials: w.decider, Now: o.Now,
	})
	if err != nil {
		return nil, err
	}
	results, err := analysis.NewExperimentReader(analysis.ExperimentsOptions{Sources: logs, Experiments: w.Store, Snapshots: w.publisher})
	if err != nil {
		return nil, err
	}
	w.Watch, err = analysis.NewExperimentWatch(analysis.WatchOptions{Reader: results, Desk: service, Snapshots: w.publisher, Now: o.Now, Logger: o.Logger})
	if err != nil {
		return nil, err
	}
	evaluator, err := analysis.NewEvaluator(analysis.EvaluatorOptions{Sources: logs, Profiles: w.Store, Snapshots: w.publisher, Replays: func() (engine.Replayer, error) {
		return decision.NewReplayer(decision.ReplayerOptions{Pasts: catalog.NewWalk(w.Store, store.Packer{}, o.Logger)})
	}})
	if err != nil {
		return nil, err
	}
	options := api.Options{
		Store: w.Store, Catalog: service, Decider: w.decider, Replayer: replayer, Events: taker, Redeemer: w.book, Importer: service, Imports: w.queue,
		Webhooks: w.Hooks, Erasures: w.Sweeper, Snapshots: w.publisher, States: states, Stager: service, IDs: ids, Clock: o.Now, Logger: o.Logger,
		Reporter: reporter, Forecaster: forecaster, Experiments: service, Results: results, Evaluator: evaluator,
	}
	if o.Change != nil {
		o.Change(&options)
	}
	return api.New(options)
}

// recorded reads decisions through the decider, which may still hold them.
type recorded struct{ world *World }

func (r recorded) Decision(ctx context.Context, id string) (*engine.Decision, error) {
	return r.world.decider.Decision(ctx, id)
}

// Refresh takes in what was shown and used, and the prices that follow from it by the world's clock, which nothing else does here.
func (w *World) Refresh(ctx context.Context) error { return w.publisher.Refresh(ctx) }

// RunSchedule makes the staged changes whose moment has come by the world's clock, which nothing else does here.
func (w *World) RunSchedule(ctx context.Context) int { return w.scheduler.Run(ctx) }

// Contents returns every pair that the store keeps, by partition and key: all but its logs and streams.
func (w *World) Contents(tb testing.TB) map[string]string {
	tb.Helper()
	all := make(map[string]string)
	for bucket := range kv.Buckets {
		var after kv.Cursor
		for {
			rows, err := w.disk.Scan(tb.Context(), bucket, nil, after, 1000)
			if err != nil {
				tb.Fatal(err)
			}
			for _, r := range rows {
				all[string(r.Part)+" "+string(r.Key)] = string(r.Value)
				after = kv.Cursor{Part: r.Part, Key: r.Key}
			}
			if len(rows) < 1000 {
				break
			}
		}
	}
	return all
}

// Drain begins to go down: no further connection is taken, and requests under way go on. It does not wait.
func (w *World) Drain() { w.drain() }

// Close lets requests under way finish, ends the parts and gives the data folder back. Further calls return what the first one did.
func (w *World) Close() error {
	w.closeOnce.Do(func() {
		w.HTTP.CloseIdleConnections() // one that was dialled and never used would be waited for
		w.drain()
		err := <-w.served
		if err != nil {
			err = fmt.Errorf("end serving: %w", err)
		}
		w.closed = errors.Join(err, w.closeParts())
	})
	return w.closed
}

// End is Close for a test that expects it to fail and looks at the error.
func (w *World) End() error {
	w.ended = true
	return w.Close()
}

func (w *World) closeParts() error {
	var errs []error
	if w.scheduler != nil {
		errs = append(errs, w.scheduler.Close())
	}
	if w.Learner != nil {
		errs = append(errs, w.Learner.Close())
	}
	if w.book != nil {
		errs = append(errs, w.book.Close())
	}
	if w.Sweeper != nil {
		errs = append(errs, w.Sweeper.Close())
	}
	if w.Hooks != nil {
		errs = append(errs, w.Hooks.Close())
	}
	if w.decider != nil {
		errs = append(errs, w.decider.Close())
	}
	if w.publisher != nil {
		errs = append(errs, w.publisher.Close())
	}
	if w.queue != nil {
		errs = append(errs, w.queue.Close())
	}
	if w.Store != nil {
		errs = append(errs, w.Store.Close())
	}
	return errors.Join(errs...)
}
