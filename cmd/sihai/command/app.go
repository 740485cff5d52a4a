package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"time"
	_ "time/tzdata" // venues' zones, on machines that have none

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sihai-network/sihai/configs"
	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/analysis"
	"github.com/sihai-network/sihai/engine/api"
	"github.com/sihai-network/sihai/engine/catalog"
	"github.com/sihai-network/sihai/engine/decision"
	"github.com/sihai-network/sihai/engine/ledger"
	"github.com/sihai-network/sihai/engine/privacy"
	"github.com/sihai-network/sihai/engine/webhook"
	"github.com/sihai-network/sihai/engine/wire"
	"github.com/sihai-network/sihai/geo"
	"github.com/sihai-network/sihai/store"
	"github.com/sihai-network/sihai/store/badgerkv"
	"github.com/sihai-network/sihai/store/spool"
)

// app is the engine with all its parts, on one data folder.
type app struct {
	options   appOptions
	disk      *badgerkv.Engine
	store     *store.DB
	catalog   *catalog.Service
	queue     *catalog.Queue
	taker     *ledger.Taker
	publisher *catalog.Publisher
	decider   *decision.Service
	replayer  *decision.Replayer
	book      *ledger.Book
	hooks     *webhook.Service
	sweeper   *privacy.Sweeper
	states    *catalog.States
	scheduler *catalog.Scheduler
	reporter  *analysis.Reporter
	learner   *analysis.Learner
	forecasts *analysis.Forecaster
	results   *analysis.ExperimentReader
	watch     *analysis.ExperimentWatch
	evaluator *analysis.Evaluator
	api       *api.API
}

// appOptions say what an app is opened with.
type appOptions struct {
	configs.Options
	env       Environment
	logger    *slog.Logger
	bootstrap string      // secret of an operator's key to be made on a store without keys; empty: none
	local     engine.Key  // see api.Options.Local
	failed    func(error) // is told when the store has failed and writes no more; nil: nobody is
}

// popularityEvery is how often the counts of showings and clicks are taken into the snapshot.
const popularityEvery = time.Minute

// openApp puts the rooms together, top to bottom. It is the only place that does.
func openApp(ctx context.Context, o appOptions) (_ *app, err error) {
	a := &app{options: o}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.close())
		}
	}()

	// what is kept
	a.disk, err = badgerkv.Open(badgerkv.Options{Dir: o.Data, KeepFree: keepFree(o.Store.KeepFree), Failed: o.failed, Logger: o.logger})
	if err != nil {
		return nil, store.Translate(err)
	}
	if a.store, err = store.Open(ctx, a.disk, store.Options{Clock: o.env.Now}); err != nil {
		return nil, errors.Join(err, a.disk.Close())
	}

	// what comes in
	memory := new(heap)
	a.catalog = catalog.New(catalog.Options{
		Store: a.store, Zones: catalog.NewZones(), Random: o.env.Random, Now: o.env.Now, Memory: memory, Partners: o.Partners,
	})
	if err := a.catalog.Seed(ctx, o.env.Now().UTC()); err != nil {
		return nil, err
	}
	if err := a.bootstrap(ctx, o); err != nil {
		return nil, err
	}

	if a.queue, err = a.openQueue(ctx); err != nil {
		return nil, err
	}

	// what was done; its decisions are read by the decider, which is made below and before the first event
	meter := ledger.NewMeter(ledger.NewVenueZones(a.store, o.env.Now))
	a.taker, err = ledger.OpenTaker(ctx, ledger.Options{Log: a.store, Decisions: decisionsOf{a}, Meter: meter, Now: o.env.Now})
	if err != nil {
		return nil, err
	}

	// what is published, and what is decided on it
	pricer, err := ledger.NewPricer(ledger.PricerOptions{Meter: meter, Log: a.store, Now: o.env.Now})
	if err != nil {
		return nil, err
	}
	a.publisher, err = catalog.OpenPublisher(ctx, catalog.PublisherOptions{
		Store: a.store, Packer: store.Packer{}, Popularity: meter.Popularity, RefreshEvery: popularityEvery, Epochs: a.store, Prices: pricer, Beliefs: a.store, Memory: memory, Logger: o.logger,
	})
	if err != nil {
		return nil, err
	}
	a.decider, err = decision.New(decision.Options{
		Snapshots: a.publisher, Limits: meter, Log: a.decisionLog(), IDs: engine.IDs{Random: o.env.Random},
		DefaultSpend: engine.Money(o.Decision.DefaultSpend), IPAccuracy: geo.Meters(o.Decision.IPAccuracy),
		WalkingSpeed: walking(o.Decision.WalkingSpeed), Language: o.Decision.Language, Logger: o.logger,
	})
	if err != nil {
		return nil, err
	}

	// what merchants are told; serve starts it
	a.states = catalog.NewStates(a.store, meter)
	a.hooks, err = webhook.Open(ctx, webhook.Options{
		Outbox: a.store, Catalog: a.store, Movements: a.store, Zones: a.states, Impressions: meter.Impressions, IDs: engine.IDs{Random: o.env.Random}, Now: o.env.Now, Logger: o.logger,
		AllowHTTP: o.Webhooks.AllowHTTP, Allowed: o.Webhooks.AllowedNetworks, Timeout: o.Webhooks.Timeout,
	})
	if err != nil {
		return nil, err
	}

	// what was decided, decided again
	a.replayer, err = decision.NewReplayer(decision.ReplayerOptions{
		Pasts: catalog.NewRebuilder(catalog.RebuilderOptions{Store: a.store, Packer: store.Packer{}, Snapshots: a.publisher, Logger: o.logger}),
	})
	if err != nil {
		return nil, err
	}

	// what is used of it
	a.book, err = ledger.OpenBook(ctx, ledger.BookOptions{
		Accounts: a.store, Purchases: a.store, Keys: a.store, Snapshots: a.publisher, Rules: a.decider, Decisions: a.decider, Meter: meter,
		IDs: engine.IDs{Random: o.env.Random}, Now: o.env.Now, Logger: o.logger, Moved: a.hooks.Moved,
	})
	if err != nil {
		return nil, err
	}

	// what it came to, and would come to
	logs := analysis.Sources{Decisions: a.store, Events: a.store, Accounts: a.store}
	a.reporter, err = analysis.NewReporter(analysis.ReporterOptions{Sources: logs, Tallies: a.store, Decisions: a.store, Venues: a.store})
	if err != nil {
		return nil, err
	}
	if a.learner, err = a.learn(ctx, logs); err != nil {
		return nil, err
	}
	a.forecasts, err = analysis.NewForecaster(analysis.ForecasterOptions{
		Log: analysis.NewLog(logs), Snapshots: a.publisher, Compiler: a.publisher, Trials: a.decider, Now: o.env.Now,
	})
	if err != nil {
		return nil, err
	}

	if err := a.openExperiments(logs); err != nil {
		return nil, err
	}

	a.evaluator, err = analysis.NewEvaluator(analysis.EvaluatorOptions{Sources: logs, Profiles: a.store, Snapshots: a.publisher, Replays: a.replays})
	if err != nil {
		return nil, err
	}

	// what ends of what is known of travellers; serve starts it
	if a.sweeper, err = a.privacy(meter); err != nil {
		return nil, err
	}

	// what was to happen at a moment
	a.scheduler, err = catalog.OpenScheduler(ctx, catalog.SchedulerOptions{Service: a.catalog, Now: o.env.Now, Logger: o.logger})
	if err != nil {
		return nil, err
	}

	// how it is asked
	a.api, err = a.face(o.local)
	return a, err
}

// openExperiments makes what tells how experiments stand, and what ends those that do harm; serve starts it.
func (a *app) openExperiments(logs analysis.Sources) (err error) {
	a.results, err = analysis.NewExperimentReader(analysis.ExperimentsOptions{Sources: logs, Experiments: a.store, Snapshots: a.publisher})
	if err != nil {
		return err
	}
	a.watch, err = analysis.NewExperimentWatch(analysis.WatchOptions{
		Reader: a.results, Desk: a.catalog, Snapshots: a.publisher, Now: a.options.env.Now, Logger: a.options.logger,
	})
	return err
}

// replays makes a replayer of decisions that come in the order of their log.
func (a *app) replays() (engine.Replayer, error) {
	return decision.NewReplayer(decision.ReplayerOptions{Pasts: catalog.NewWalk(a.store, store.Packer{}, a.options.logger)})
}

// decisionLog keeps exact positions, unless the setting says otherwise.
func (a *app) decisionLog() privacy.Log {
	if a.options.Privacy.Positions == 0 {
		return privacy.CoarseLog{Log: a.store}
	}
	return a.store
}

// privacy makes the sweeper. On a data folder nothing is on its way to the logs.
func (a *app) privacy(meter *ledger.Meter) (*privacy.Sweeper, error) {
	o := privacy.Options{
		Histories: a.store, Forget: meter.Forget, IDs: engine.IDs{Random: a.options.env.Random}, Now: a.options.env.Now, Logger: a.options.logger,
		Positions: a.options.Privacy.Positions, History: a.options.Privacy.History, Decisions: a.options.Privacy.Decisions,
	}
	if a.options.local.Role != "" {
		o.Settle, o.Pause = -1, -1
	}
	return privacy.Open(o)
}

// learn makes the learner, which a single verb leaves alone.
func (a *app) learn(ctx context.Context, logs analysis.Sources) (*analysis.Learner, error) {
	o := analysis.LearnerOptions{Log: analysis.NewLog(logs), Profiles: a.store, Beliefs: a.store, Now: a.options.env.Now, Logger: a.options.logger}
	if a.options.local.Role != "" {
		o.Every = -1
	}
	return analysis.OpenLearner(ctx, o)
}

// openQueue takes up the uploads that were answered before they were read. A single verb leaves them to the next server.
func (a *app) openQueue(ctx context.Context) (*catalog.Queue, error) {
	o := a.options
	uploads, err := spool.Open(filepath.Join(o.Data, "uploads"), o.Import.QueueBytes)
	if err != nil {
		return nil, err
	}
	return catalog.OpenQueue(ctx, catalog.QueueOptions{
		Service: a.catalog, Spool: uploads, Logger: o.logger, Paused: o.local.ID != "",
		Open: func(src io.Reader, i engine.Import) (engine.RowReader, error) {
			upload := wire.Upload{Kind: i.Kind, Format: i.Format, MaxRows: o.Import.MaxRows, MaxRowBytes: o.Import.MaxRowBytes, FeedOptions: i.Feed}
			return wire.OpenKept(src, upload, o.Import.MaxBytes)
		},
	})
}

// face makes an API of the app; local is whose a request without a key is, see api.Options.Local.
func (a *app) face(local engine.Key) (*api.API, error) {
	o := a.options
	return api.New(api.Options{
		Store: a.store, Catalog: a.catalog, Decider: a.decider, Replayer: a.replayer, Events: a.taker, Redeemer: a.book, Importer: a.catalog, Imports: a.queue,
		Webhooks: a.hooks, Erasures: a.sweeper, Snapshots: a.publisher, States: a.states, Stager: a.catalog,
		Reporter: a.reporter, Forecaster: a.forecasts, Experiments: a.catalog, Results: a.results, Evaluator: a.evaluator,
		IDs: engine.IDs{Random: o.env.Random}, Clock: o.env.Now, Logger: o.logger, Collectors: a.collectors(), Local: local,
		MaxBodyBytes: o.HTTP.MaxBodyBytes, MaxUploadBytes: o.Import.MaxBytes, MaxRows: o.Import.MaxRows, MaxRowBytes: o.Import.MaxRowBytes,
		UploadIdle: o.HTTP.ReadTimeout, OperatorMetrics: o.Metrics.Access == "operator",
		RatePerSecond: o.RateLimit.RequestsPerSecond, RateBurst: o.RateLimit.Burst,
	})
}

// close ends the parts in the opposite order: nothing that was acknowledged or decided is lost.
func (a *app) close() error {
	var errs []error
	if a.watch != nil {
		errs = append(errs, a.watch.Close())
	}
	if a.scheduler != nil {
		errs = append(errs, a.scheduler.Close())
	}
	if a.learner != nil {
		errs = append(errs, a.learner.Close())
	}
	if a.queue != nil {
		errs = append(errs, a.queue.Close())
	}
	if a.book != nil {
		errs = append(errs, a.book.Close())
	}
	if a.sweeper != nil {
		errs = append(errs, a.sweeper.Close())
	}
	if a.hooks != nil {
		errs = append(errs, a.hooks.Close())
	}
	if a.decider != nil {
		errs = append(errs, a.decider.Close())
	}
	if a.publisher != nil {
		errs = append(errs, a.publisher.Close())
	}
	if a.store != nil {
		errs = append(errs, a.store.Close())
	}
	return errors.Join(errs...)
}

// bootstrap makes the first operator's key, on a store that has no key yet.
func (a *app) bootstrap(ctx context.Context, o appOptions) error {
	if o.bootstrap == "" {
		return nil
	}
	keys, _, err := a.store.ListKeys(ctx, engine.Page{Limit: 1})
	if err != nil || len(keys) > 0 {
		return err
	}
	w := engine.Write{At: o.env.Now().UTC(), By: "bootstrap"}
	if _, err := a.catalog.ImportKey(ctx, w, engine.Key{Role: engine.RoleOperator, Note: "bootstrap"}, o.bootstrap); err != nil {
		return fmt.Errorf("SIHAI_BOOTSTRAP_KEY: %w", err)
	}
	return nil
}

// decisionsOf reads recorded decisions through the decider, which may still hold them.
type decisionsOf struct{ app *app }

func (d decisionsOf) Decision(ctx context.Context, id string) (*engine.Decision, error) {
	return d.app.decider.Decision(ctx, id)
}

// walking takes the setting, where 0 is none, to the option, where 0 is the default.
func walking(speed float64) float64 {
	if speed == 0 {
		return -1
	}
	return speed
}

// keepFree takes the setting, where 0 is none, to the option, where 0 is the default.
func keepFree(bytes int64) int64 {
	if bytes == 0 {
		return -1
	}
	return bytes
}

// collectors tells of the decision log and of the disk.
func (a *app) collectors() []prometheus.Collector {
	return []prometheus.Collector{
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "sihai_decisions_dropped_total", Help: "Decisions that were answered and not logged, since the log did not keep up.",
		}, func() float64 { return float64(a.decider.Dropped()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "sihai_decisions_queued", Help: "Decisions that wait for the log.",
		}, func() float64 { return float64(a.decider.Queued()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "sihai_disk_free_bytes", Help: "What is free of the store's disk; 0 where it is not known.",
		}, func() float64 { free, _ := a.disk.Free(); return float64(free) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "sihai_disk_kept_bytes", Help: "What is kept free of the store's disk: nothing is written while less is free.",
		}, func() float64 { _, kept := a.disk.Free(); return float64(kept) }),
	}
}
