package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/pprof"
	"time"
)

// warmest is how long clients ask at most before it counts.
const warmest = 500 * time.Millisecond

// drive asks, publishes meanwhile, and takes what came of it into the report.
func (b *bench) drive(ctx context.Context, a *app, all *places, probes [placeKinds]probe) (err error) {
	asked := *a // its decider may be another
	if b.flags.unlogged {
		if asked.decider, err = a.unlogged(); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, asked.decider.Close()) }()
	}
	clients := inProcessAsker(asked.decider)
	run := &runReport{Mode: "in process", Loop: "closed", Rate: b.flags.rate, Clients: b.flags.clients, Logged: !b.flags.unlogged}
	if b.flags.http {
		run.Mode = "http"
		if clients, err = b.httpAsker(ctx, &asked, b.flags.clients); err != nil {
			return err
		}
	}
	defer func() { err = errors.Join(err, clients.close()) }()
	if b.flags.rate > 0 {
		run.Loop = "open"
	}
	stopProfile, err := b.profile()
	if err != nil {
		return err
	}
	stopPublishing := b.publish(ctx, a)
	d := drive{
		now: b.Now, world: b.world, places: all, kinds: kindsOf(b.flags.places), clients: b.flags.clients, rate: b.flags.rate, fine: true, ask: clients.ask,
		warm: min(b.flags.duration/10, warmest), duration: b.flags.duration,
	}
	answered := d.run(ctx)
	if clients.served != nil {
		served := timesOf(clients.served())
		run.Server = &served
	}
	changed := stopPublishing()
	err = stopProfile()
	b.report.Run = run
	b.report.tellRun(answered, probes)
	if run.Logged {
		run.Unlogged = asked.decider.Dropped()
	}
	b.report.Memory = memory()
	if changed != nil {
		b.report.tellPublished(b.flags.publications, changed)
		err = errors.Join(err, refusedError("publications", changed.refused, changed.refusal))
	}
	return errors.Join(err, refusedError("requests", answered.refused, answered.refusal))
}

// refusedError is nil when nothing was refused.
func refusedError(what string, n int64, first error) error {
	if n == 0 {
		return nil
	}
	return fmt.Errorf("%d %s were refused, the first one: %w", n, what, first)
}

// publish begins to change campaigns, if that was asked for. What it returns ends that and tells what came of it; nil for nothing.
func (b *bench) publish(ctx context.Context, a *app) (stop func() *published) {
	if b.flags.publications == 0 {
		return func() *published { return nil }
	}
	p := &publishing{now: b.Now, world: b.world, app: a, rate: b.flags.publications}
	ctx, cancel := context.WithCancel(ctx)
	result := make(chan *published, 1)
	go func() { result <- p.run(ctx) }()
	return func() *published {
		cancel()
		return <-result
	}
}

// profile begins a CPU profile, if that was asked for. What it returns ends it.
func (b *bench) profile() (stop func() error, err error) {
	if b.flags.cpuProfile == "" {
		return func() error { return nil }, nil
	}
	f, err := os.Create(b.flags.cpuProfile)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(fmt.Errorf("profile: %w", err), f.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return f.Close()
	}, nil
}

// profileHeap writes what is resident, if that was asked for. The heap was just collected.
func (b *bench) profileHeap() error {
	if b.flags.heapProfile == "" {
		return nil
	}
	f, err := os.Create(b.flags.heapProfile)
	if err != nil {
		return err
	}
	return errors.Join(pprof.Lookup("heap").WriteTo(f, 0), f.Close())
}
