package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/analysis"
	"github.com/sihai-network/sihai/engine/client"
	"github.com/sihai-network/sihai/engine/wire"
	"github.com/sihai-network/sihai/geo"
	"github.com/sihai-network/sihai/scoring"
	"github.com/sihai-network/sihai/scoring/tuning"
)

// ownLog says which part of a server's, or a data folder's, log is read and what of it counts.
type ownLog struct {
	from, until, seen, currency string
	maxRows                     int
	span                        engine.LogSpan
}

// defaultSpan is how much of a log is read where nothing is said.
const defaultSpan = 28 * 24 * time.Hour

// defaultRows bounds the offers of a data folder's log that are held: some two gigabytes.
const defaultRows = 10_000_000

func (o *ownLog) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&o.from, "from", "", "own log: first moment, RFC 3339 (default: 28 days before the end)")
	flags.StringVar(&o.until, "until", "", "own log: moment before which it ends, RFC 3339 (default: now)")
	flags.StringVar(&o.seen, "seen", "", "own log: of which offers it is known what came of them, impressions or answers (default: impressions)")
	flags.StringVar(&o.currency, "currency", "", "own log: of the labels discount and purchase")
	flags.IntVar(&o.maxRows, "max-rows", 0, "own log: offers that are held in memory, of more a sample of the decisions (default 10,000,000: some 2 GB)")
}

// given names a flag that was given; empty: none was.
func (o *ownLog) given() string {
	for _, f := range []struct {
		name string
		is   bool
	}{{"from", o.from != ""}, {"until", o.until != ""}, {"seen", o.seen != ""}, {"currency", o.currency != ""}, {"max-rows", o.maxRows != 0}} {
		if f.is {
			return f.name
		}
	}
	return ""
}

func (o *ownLog) check(label string) error {
	switch l := engine.Label(label); {
	case label != "" && !slices.Contains(engine.Labels(), l):
		return usagef("--label %q is none of tap, redemption, discount and purchase", label)
	case l.InMoney() && o.currency == "":
		return usagef("--label %s needs --currency", label)
	case !l.InMoney() && o.currency != "":
		return usagef("--currency is of the labels discount and purchase")
	case o.seen != "" && o.seen != string(engine.SeenImpressions) && o.seen != string(engine.SeenAnswers):
		return usagef("--seen %q is neither impressions nor answers", o.seen)
	case o.maxRows < 0:
		return usagef("--max-rows %d is below 0", o.maxRows)
	}
	for _, at := range []struct {
		name, text string
		to         *time.Time
	}{{"from", o.from, &o.span.From}, {"until", o.until, &o.span.Until}} {
		var err error
		if at.text == "" {
			continue
		}
		if *at.to, err = time.Parse(time.RFC3339, at.text); err != nil {
			return usagef("--%s: %q is no time such as 2026-11-01T00:00:00Z", at.name, at.text)
		}
	}
	if o.from != "" && o.until != "" && !o.span.From.Before(o.span.Until) {
		return usagef("--until does not come after --from")
	}
	return nil
}

// settle fills in the ends of the span.
func (o *ownLog) settle(now time.Time) {
	if o.span.Until.IsZero() {
		o.span.Until = now.UTC()
	}
	if o.span.From.IsZero() {
		o.span.From = o.span.Until.Add(-defaultSpan)
	}
}

// loggedData is a data set and, of an own log, what belongs to it.
type loggedData struct {
	*tuning.Dataset
	active *scoring.Profile // that decides now; nil: of a file
	stored *scoring.Profile // that was asked for by name; nil: none
	about  string           // where it comes from
	notes  []string         // what the data does not say
	linear bool             // labels are amounts
}

// load reads a file or an own log. stored names a profile's version; empty: none.
func (r *runner) load(ctx context.Context, f *loggedFlags, stored string) (*loggedData, error) {
	if !f.isOwn() {
		if stored != "" {
			return nil, usagef("--stored is with a log of --data or --server")
		}
		d, err := loggedFile{r, f}.Load(ctx)
		return &loggedData{Dataset: d, about: f.name}, err
	}
	ref, err := parseStored(stored)
	if err != nil {
		return nil, err
	}
	t, err := r.open(ctx)
	if err != nil {
		return nil, err
	}
	f.own.settle(r.Now())
	d, err := r.loadOwn(ctx, t, f)
	if err == nil {
		err = t.findProfiles(ctx, d, ref)
	}
	if err = errors.Join(err, t.close()); err != nil {
		return nil, err
	}
	if d.Rows() == 0 {
		return nil, fmt.Errorf("%s: %w", d.about, engine.ErrTooLittle)
	}
	if f.last > 0 {
		d.Dataset = analysis.Last(d.Dataset, f.last)
	}
	return d, nil
}

// parseStored reads NAME or NAME:VERSION.
func parseStored(text string) (engine.ProfileRef, error) {
	name, version, found := cutLast(text, ':')
	ref := engine.ProfileRef{Name: name}
	if found {
		n, err := strconv.ParseUint(version, 10, 64)
		if err != nil || n == 0 {
			return ref, usagef("--stored %q is not NAME or NAME:VERSION", text)
		}
		ref.Version = n
	}
	return ref, nil
}

// loadOwn reads the log of a data folder in this process, and that of a server over its API.
func (r *runner) loadOwn(ctx context.Context, t *target, f *loggedFlags) (*loggedData, error) {
	o := &f.own
	label := engine.Label(f.table.Label)
	out := &loggedData{linear: label.InMoney(), about: fmt.Sprintf("log from %s to %s", o.span.From.Format(time.RFC3339), o.span.Until.Format(time.RFC3339))}
	if t.app == nil {
		lines, err := t.Dataset(ctx, client.DatasetQuery{
			From: o.span.From.Format(time.RFC3339Nano), Until: o.span.Until.Format(time.RFC3339Nano), Label: f.table.Label, Currency: o.currency, Seen: o.seen,
		})
		if err != nil {
			return nil, err
		}
		out.Dataset, err = tuning.ReadNDJSON(ctx, lines, tuning.ReadOptions{MaxRows: o.rows()})
		return out, errors.Join(err, lines.Close())
	}
	places, err := placesByCity()
	if err != nil {
		return nil, err
	}
	options := analysis.DatasetOptions{
		From: o.span.From, Until: o.span.Until, Label: label, Currency: o.currency, Seen: engine.Seen(o.seen), MaxRows: o.rows(), Place: places,
	}
	if s := t.app.publisher.Snapshot(); s != nil {
		options.Rates = s.Rates
	}
	step, end := r.steps(-1, "decisions read")
	defer end()
	options.Progress = func(done, _ uint64) { step(int(done)) }
	src := analysis.NewDatasetSource(analysis.NewLog(analysis.Sources{Decisions: t.app.store, Events: t.app.store, Accounts: t.app.store}), options)
	if out.Dataset, err = src.Load(ctx); err != nil {
		return nil, err
	}
	tally := src.Tally()
	out.notes = append(out.notes, fmt.Sprintf("%d decisions read, %d offers held in %d MB", tally.Decisions, out.Rows(), analysis.BytesOf(out.Dataset)>>20))
	if tally.OneIn > 1 {
		out.notes = append(out.notes, fmt.Sprintf("one in %d of the decisions was read, since --max-rows holds no more", tally.OneIn))
	}
	if tally.Unconverted > 0 {
		out.notes = append(out.notes, fmt.Sprintf("%d redemptions are in a currency of which no rate is known, and are left out", tally.Unconverted))
	}
	return out, nil
}

func (o *ownLog) rows() int {
	if o.maxRows == 0 {
		return defaultRows
	}
	return o.maxRows
}

// findProfiles finds the active profile, and the one that is asked for.
func (t *target) findProfiles(ctx context.Context, d *loggedData, ref engine.ProfileRef) error {
	active, err := t.activeProfile(ctx)
	if err != nil {
		return err
	}
	if d.active = &active; ref.Name == "" {
		return nil
	}
	stored, err := t.profile(ctx, ref)
	if err != nil {
		return fmt.Errorf("profile %s: %w", ref.Name, err)
	}
	d.stored = &stored
	return nil
}

// activeProfile is the one that decides. A server tells of each profile whether its newest version does; if none does, older ones are asked for.
func (t *target) activeProfile(ctx context.Context) (scoring.Profile, error) {
	if t.app != nil {
		p, err := t.app.store.ActiveProfile(ctx)
		if errors.Is(err, engine.ErrNotFound) {
			return scoring.Default(), nil
		}
		return p, err
	}
	var names []engine.ProfileRef
	for page := (client.Page{}); ; {
		list, err := t.Profiles(ctx, page)
		if err != nil {
			return scoring.Profile{}, err
		}
		for _, p := range list.Data {
			if p.Active {
				return t.profile(ctx, engine.ProfileRef{Name: p.Name, Version: p.Version})
			}
			names = append(names, engine.ProfileRef{Name: p.Name, Version: p.Version})
		}
		if page.Cursor = list.NextCursor; page.Cursor == "" {
			break
		}
	}
	for _, ref := range names {
		for ref.Version--; ref.Version > 0; ref.Version-- {
			p, err := t.ProfileVersion(ctx, ref.Name, ref.Version)
			if err != nil {
				return scoring.Profile{}, err
			}
			if p.Active {
				return profileOfWire(&p)
			}
		}
	}
	return scoring.Default(), nil
}

// profile returns a version of a profile; version 0 is the newest.
func (t *target) profile(ctx context.Context, ref engine.ProfileRef) (scoring.Profile, error) {
	if t.app != nil {
		return t.app.store.Profile(ctx, ref.Name, ref.Version)
	}
	if ref.Version == 0 {
		for page := (client.Page{}); ; {
			list, err := t.Profiles(ctx, page)
			if err != nil {
				return scoring.Profile{}, err
			}
			for _, p := range list.Data {
				if p.Name == ref.Name {
					ref.Version = p.Version
				}
			}
			if page.Cursor = list.NextCursor; page.Cursor == "" || ref.Version > 0 {
				break
			}
		}
		if ref.Version == 0 {
			return scoring.Profile{}, engine.ErrNotFound
		}
	}
	p, err := t.ProfileVersion(ctx, ref.Name, ref.Version)
	if err != nil {
		return scoring.Profile{}, err
	}
	return profileOfWire(&p)
}

// profileOfWire reads a profile that a server has told.
func profileOfWire(p *wire.Profile) (scoring.Profile, error) {
	data, err := json.Marshal(p)
	if err != nil {
		return scoring.Profile{}, err
	}
	out, faults := wire.DecodeProfile(data)
	out.Version = p.Version
	return out, faults.Err()
}

// placesByCity names a place by the nearest large city, within sight of it.
func placesByCity() (func(*engine.Location) string, error) {
	cities, err := builtInCities()
	if err != nil {
		return nil, err
	}
	const reach = 60_000 // metres
	return func(l *engine.Location) string {
		best, name := geo.Meters(math.Inf(1)), ""
		for i := range cities {
			c := &cities[i]
			if math.Abs(c.at.Lat-l.Position.Lat) > 0.6 {
				continue
			}
			if d := c.at.Distance(l.Position); d < best && d < reach {
				best, name = d, c.name
			}
		}
		if name == "" {
			return "cell " + engine.CoarseCell(l)
		}
		return name
	}, nil
}

// isSame reports whether two profiles are one version.
func isSame(a, b *scoring.Profile) bool {
	return a.Version > 0 && a.Name == b.Name && a.Version == b.Version
}
