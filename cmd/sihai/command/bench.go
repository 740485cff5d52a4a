package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/sihai-network/sihai/configs"
	"github.com/sihai-network/sihai/engine"
)

// benchFlags are the flags of bench.
type benchFlags struct {
	campaigns    int
	profile      string
	seed         uint64
	cities       string
	http         bool
	clients      int
	duration     time.Duration
	rate         float64
	publications float64
	unlogged     bool
	places       []string
	cpuProfile   string
	heapProfile  string
}

func (r *runner) bench() *cobra.Command {
	var f benchFlags
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure decisions on an invented world of any size",
		Long: "Invent a world of campaigns round real cities, load it through the import into a store of its own, and measure requests for offers: at hot places (the\n" +
			"first malls of the largest cities), typical ones (drawn as the shops are) and sparse ones (anywhere on the globe), a third each, 20 offers asked\n" +
			"for. The same seed gives the same world and requests. It is noon UTC on 27 November 2026 there. The clients run in this process, also with --http.\n" +
			"With --rate a request that all clients were too busy for counts from when it was due, and a core waits busily. The store is thrown away at the end unless\n" +
			"--data names a folder for it, where the next bench of the same world finds it. An interrupt ends it early, with what there is by then.",
		Example: "  sihai bench --campaigns 100000 --duration 20s\n  sihai bench --http --clients 16 --rate 2000 --publications 100",
		Args:    cobra.NoArgs,
		RunE: r.do(func(cmd *cobra.Command, _ []string) error {
			return r.runBench(cmd.Context(), f)
		}),
	}
	flags := cmd.Flags()
	flags.IntVar(&f.campaigns, "campaigns", 10_000, "campaigns of the world")
	flags.StringVar(&f.profile, "profile", worldClustered, "clustered (most in the largest cities, round malls), uniform (as many in each city, evenly spread) or hotspot (a fifth of all at 20 malls)")
	flags.Uint64Var(&f.seed, "seed", 1, "what the world follows from")
	flags.StringVar(&f.cities, "cities", "", "file of cities with tabs between name, country, population, lat, lng and perhaps time_zone, as its header names them (default: 300 large ones)")
	flags.BoolVar(&f.http, "http", false, "ask over HTTP on loopback, on connections that are kept; without it in process")
	flags.IntVar(&f.clients, "clients", 0, "that ask at the same time (default: one for each core, over HTTP four)")
	flags.DurationVar(&f.duration, "duration", 10*time.Second, "how long is measured")
	flags.Float64Var(&f.rate, "rate", 0, "requests a second of all clients together; 0: each asks again once it has its answer")
	flags.Float64Var(&f.publications, "publications", 0, "campaigns a second that are changed meanwhile, one by one")
	flags.StringSliceVar(&f.places, "places", nil, "kinds of places that are asked at: hot, typical, sparse (default: all)")
	flags.BoolVar(&f.unlogged, "unlogged", false, "leave the log of decisions out")
	flags.StringVar(&f.cpuProfile, "cpuprofile", "", "file for a CPU profile of what is measured, for go tool pprof")
	flags.StringVar(&f.heapProfile, "heapprofile", "", "file for a profile of what is resident once the world is open, for go tool pprof")
	_ = cmd.RegisterFlagCompletionFunc("profile", cobra.FixedCompletions([]string{worldClustered, worldUniform, worldHotspot}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// The bounds of what can be asked.
const (
	mostBenchCampaigns = 100_000_000
	mostBenchClients   = 1_024
	mostBenchRate      = 10_000_000
)

// check tells wrong use, and fills in what depends on the machine.
func (f *benchFlags) check(server string) error {
	switch {
	case server != "":
		return usagef("bench works on a store of its own, not on a server")
	case f.campaigns < 1 || f.campaigns > mostBenchCampaigns:
		return usagef("--campaigns %d is not between 1 and %d", f.campaigns, mostBenchCampaigns)
	case f.profile != worldClustered && f.profile != worldUniform && f.profile != worldHotspot:
		return usagef("--profile %q is none of clustered, uniform and hotspot", f.profile)
	case f.clients < 0 || f.clients > mostBenchClients:
		return usagef("--clients %d is not between 1 and %d", f.clients, mostBenchClients)
	case f.duration <= 0:
		return usagef("--duration %v is not above 0", f.duration)
	case !(f.rate >= 0 && f.rate <= mostBenchRate):
		return usagef("--rate %v is not between 0 and %d", f.rate, mostBenchRate)
	case !(f.publications >= 0 && f.publications <= mostBenchRate):
		return usagef("--publications %v is not between 0 and %d", f.publications, mostBenchRate)
	}
	for _, name := range f.places {
		if _, err := placeKindOf(name); err != nil {
			return err
		}
	}
	if f.clients == 0 {
		f.clients = runtime.GOMAXPROCS(0)
		if f.http {
			f.clients *= 4
		}
	}
	return nil
}

// bench is one run of the verb.
type bench struct {
	*runner
	flags   benchFlags
	options configs.Options
	world   *world
	clock   *demoClock
	report  benchReport
}

func (r *runner) runBench(ctx context.Context, f benchFlags) (err error) {
	if err := f.check(r.flags.server); err != nil {
		return err
	}
	cities, err := r.benchCities(f.cities)
	if err != nil {
		return err
	}
	b := &bench{runner: r, flags: f, world: newWorld(f.seed, f.profile, f.campaigns, cities), clock: &demoClock{real: r.Now}}
	b.clock.run(worldTime())
	b.report.World = worldReport{f.profile, f.seed, b.world.campaigns, b.world.venues, b.world.merchants, len(cities)}
	if b.options, err = r.options(nil); err != nil {
		return err
	}
	b.options.RateLimit.RequestsPerSecond = 0
	b.options.Import.MaxRows, b.options.Import.MaxBytes = max(b.options.Import.MaxRows, f.campaigns), 1<<40
	if r.flags.data == "" {
		if b.options.Data, err = os.MkdirTemp("", "sihai-bench-*"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(b.options.Data)) }()
	}
	return b.run(ctx)
}

// benchCities reads the list of a file, or the built-in one.
func (r *runner) benchCities(name string) ([]city, error) {
	if name == "" {
		return builtInCities()
	}
	f, err := r.openFile(name)
	if err != nil {
		return nil, err
	}
	defer f.close()
	return readCities(f)
}

// errInterrupted ends a run that was interrupted before it had measured anything.
var errInterrupted = errors.New("interrupted before anything was measured")

// run loads, measures and prints. What was interrupted prints what it has.
func (b *bench) run(ctx context.Context) error {
	err := b.fill(ctx)
	if err == nil {
		err = b.measure(ctx)
	}
	b.report.Interrupted = ctx.Err() != nil
	switch {
	case b.report.Interrupted && b.report.Run == nil:
		err = errInterrupted
	case err != nil && b.report.Run == nil:
		return err
	}
	if b.runner.flags.output == "json" {
		return errors.Join(b.printJSON(&b.report), err)
	}
	return errors.Join(b.printBench(&b.report), err)
}

// open opens an app on a folder, in the time of the world.
func (b *bench) open(ctx context.Context, dir string) (*app, error) {
	o := b.options
	o.Data = dir
	env := b.Environment
	env.Now = b.clock.now
	a, err := openApp(ctx, appOptions{
		Options: o, env: env, logger: b.logger(o.Log.Level, o.Log.Format, slog.LevelWarn), local: engine.Key{ID: "bench", Role: engine.RoleOperator},
	})
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", dir, err)
	}
	return a, nil
}

// fill has the world in the store, and closes it, so that the folder's size is told.
func (b *bench) fill(ctx context.Context) (err error) {
	a, err := b.open(ctx, b.options.Data)
	if err != nil {
		return err
	}
	load := &b.report.Load
	defer func() {
		if err = errors.Join(err, a.close()); err == nil && !load.Reused { // earlier benches logged decisions there
			load.DiskBytes, err = folderSize(b.options.Data)
			load.DiskPerCampaign = roundTo(each(float64(load.DiskBytes), float64(load.Campaigns)), 1)
		}
	}()
	if load.Reused, err = b.world.holds(ctx, a.store); err != nil || load.Reused {
		return err
	}
	add, done := b.counter(b.world.campaigns, "campaigns")
	defer done()
	start := b.Now()
	err = b.world.upload(ctx, a.target(), func(n int) {
		load.Campaigns += n
		add(n)
	})
	load.Seconds = b.Now().Sub(start).Seconds()
	return err
}

// measure opens the store again and asks.
func (b *bench) measure(ctx context.Context) (err error) {
	all, err := newPlaces(b.world)
	if err != nil {
		return err
	}
	empty, err := b.emptyHeap(ctx)
	if err != nil {
		return err
	}
	start := b.Now()
	a, err := b.open(ctx, b.options.Data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	load := &b.report.Load
	load.StartSeconds = b.Now().Sub(start).Seconds()
	load.ResidentBytes = int64(liveHeap()) - int64(empty)
	load.ResidentPerEntry = roundTo(each(float64(load.ResidentBytes), float64(b.world.campaigns)), 1)
	if err := b.profileHeap(); err != nil {
		return err
	}
	probes, err := a.probe(all)
	if err != nil {
		return err
	}
	return b.drive(ctx, a, all, probes)
}
