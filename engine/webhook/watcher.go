package webhook

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
)

// watcher is what the service's one looking goroutine knows.
type watcher struct {
	started atomic.Bool
	looking sync.Mutex // held while it looks; guards position, reading and trimmed

	mu        sync.Mutex                      // guards the rest
	merchants map[string]bool                 // that have, or had, webhooks; true: each campaign is to be looked at
	dirty     map[engine.CampaignRef]struct{} // to be looked at
	timers    map[engine.CampaignRef]time.Time
	hanging   map[engine.CampaignRef]struct{} // whose state hangs on the zones of their venues

	position uint64 // of the change feed that was read
	reading  bool   // position is set
	trimmed  time.Time
}

func (w *watcher) open() {
	w.merchants = make(map[string]bool)
	w.dirty = make(map[engine.CampaignRef]struct{})
	w.timers = make(map[engine.CampaignRef]time.Time)
	w.hanging = make(map[engine.CampaignRef]struct{})
}

// watch lets every campaign of a merchant be looked at, and from now on those of which something is heard.
func (w *watcher) watch(merchant string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.merchants[merchant] = true
}

// mark lets a campaign be looked at, if its merchant has webhooks.
func (w *watcher) mark(ref engine.CampaignRef) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, watched := w.merchants[ref.MerchantID]; !watched {
		return false
	}
	w.dirty[ref] = struct{}{}
	return true
}

// Moved says that a campaign's account has changed, so that it is looked at soon. It does not wait. A campaign of which this was never said is looked at
// with the next start.
func (s *Service) Moved(ref engine.CampaignRef) {
	if s.watcher.mark(ref) {
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
}

// run looks until ctx ends.
func (s *Service) run(ctx context.Context) {
	s.watcher.started.Store(true)
	s.pokeAll(ctx)
	tick := time.NewTicker(s.every)
	defer tick.Stop()
	for {
		if err := s.Look(ctx); err != nil && ctx.Err() == nil {
			s.logger.Error("look for what webhooks are to be told", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-s.wake:
		}
	}
}

// pokeAll lets each webhook's lane look for what a run before has left.
func (s *Service) pokeAll(ctx context.Context) {
	s.watcher.mu.Lock()
	merchants := sortedKeys(s.watcher.merchants)
	s.watcher.mu.Unlock()
	for _, m := range merchants {
		err := s.outbox.ViewHooks(ctx, m, func(r engine.HookReader) error {
			all, err := r.Webhooks()
			for _, w := range all {
				s.poke(m, w.ID)
			}
			return err
		})
		if err != nil && ctx.Err() == nil {
			s.logger.Error("read webhooks", "merchant", m, "error", err)
		}
	}
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// Look looks once at all that may have happened since the last look, and keeps what is to be told. Cost: linear in the campaigns that changed, moved or came
// to a bound of their flight; after a start in all campaigns of merchants that have webhooks.
func (s *Service) Look(ctx context.Context) error {
	w := &s.watcher
	w.looking.Lock()
	defer w.looking.Unlock()
	if err := s.hear(ctx); err != nil {
		return fmt.Errorf("read changes: %w", err)
	}
	if err := s.spread(ctx); err != nil {
		return fmt.Errorf("list campaigns: %w", err)
	}
	now := s.now()
	s.ring(now)
	var errs []error
	for _, ref := range w.takeDirty() {
		if err := s.lookAt(ctx, ref); err != nil {
			w.mark(ref)
			errs = append(errs, fmt.Errorf("campaign %s of merchant %s: %w", ref.CampaignID, ref.MerchantID, err))
		}
	}
	if err := s.readEnds(ctx); err != nil {
		errs = append(errs, fmt.Errorf("read ends of imports: %w", err))
	}
	if now.Sub(w.trimmed) >= trimEvery {
		w.trimmed = now
		errs = append(errs, s.trim(ctx, now))
	}
	return errors.Join(errs...)
}

// changesPage is how many changes are read at once.
const changesPage = 1000

// hear marks the campaigns that changed, or whose state may have changed with a venue. The first time it only notes where the feed is: after a start all are looked at.
func (s *Service) hear(ctx context.Context) error {
	w := &s.watcher
	if !w.reading {
		position, err := s.catalog.Position(ctx)
		if err != nil {
			return err
		}
		w.position, w.reading = position, true
	}
	for {
		changes, err := s.catalog.Changes(ctx, w.position, changesPage)
		if err != nil || len(changes) == 0 {
			return err
		}
		moved := make(map[string]bool) // merchants whose venues changed
		for _, c := range changes {
			w.position = c.Seq
			switch c.Kind {
			case engine.ChangeCampaign:
				w.mark(engine.CampaignRef{MerchantID: c.MerchantID, CampaignID: c.ID})
			case engine.ChangeVenue:
				moved[c.MerchantID] = true
			}
		}
		w.markHanging(moved)
	}
}

// markHanging marks what hangs on the zones of some merchants' venues.
func (w *watcher) markHanging(merchants map[string]bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for ref := range w.hanging {
		if merchants[ref.MerchantID] {
			w.dirty[ref] = struct{}{}
		}
	}
}

// spread marks every campaign of the merchants that are new here.
func (s *Service) spread(ctx context.Context) error {
	w := &s.watcher
	w.mu.Lock()
	var fresh []string
	for _, m := range sortedKeys(w.merchants) {
		if w.merchants[m] {
			fresh = append(fresh, m)
		}
	}
	w.mu.Unlock()
	for _, m := range fresh {
		page := engine.Page{Limit: changesPage}
		for {
			campaigns, next, err := s.catalog.ListCampaigns(ctx, m, page)
			if err != nil {
				return err
			}
			for i := range campaigns {
				w.mark(engine.CampaignRef{MerchantID: m, CampaignID: campaigns[i].ID})
			}
			if page.After = next; next == "" {
				break
			}
		}
		w.mu.Lock()
		w.merchants[m] = false
		w.mu.Unlock()
	}
	return nil
}

// shownEvery is how often the showings of campaigns that count them are looked at.
const shownEvery = 10 * time.Second

// ring marks the campaigns whose flight has come to a bound.
func (s *Service) ring(now time.Time) {
	w := &s.watcher
	w.mu.Lock()
	defer w.mu.Unlock()
	for ref, at := range w.timers {
		if !now.Before(at) {
			w.dirty[ref] = struct{}{}
		}
	}
}

func (w *watcher) takeDirty() []engine.CampaignRef {
	w.mu.Lock()
	defer w.mu.Unlock()
	refs := make([]engine.CampaignRef, 0, len(w.dirty))
	for ref := range w.dirty {
		refs = append(refs, ref)
	}
	clear(w.dirty)
	slices.SortFunc(refs, func(a, b engine.CampaignRef) int {
		if a.MerchantID != b.MerchantID {
			return strings.Compare(a.MerchantID, b.MerchantID)
		}
		return strings.Compare(a.CampaignID, b.CampaignID)
	})
	return refs
}

// setTimer says when a campaign is to be looked at again, zero: not by itself, and whether it is with its venues.
func (w *watcher) setTimer(ref engine.CampaignRef, at time.Time, hangs bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if hangs {
		w.hanging[ref] = struct{}{}
	} else {
		delete(w.hanging, ref)
	}
	if at.IsZero() {
		delete(w.timers, ref)
		return
	}
	w.timers[ref] = at
}

// movementPage is how many movements one look takes in.
const movementPage = 500

// lookAt looks at one campaign, as often as there are movements that it has not taken in.
func (s *Service) lookAt(ctx context.Context, ref engine.CampaignRef) error {
	c, err := s.catalog.Campaign(ctx, ref.MerchantID, ref.CampaignID)
	if errors.Is(err, engine.ErrNotFound) {
		s.watcher.setTimer(ref, time.Time{}, false)
		return nil
	}
	if err != nil {
		return err
	}
	for {
		more, err := s.lookOnce(ctx, ref, &c)
		if err != nil || !more {
			return err
		}
	}
}

func (s *Service) lookOnce(ctx context.Context, ref engine.CampaignRef, c *engine.Campaign) (more bool, err error) {
	var hooks []engine.Webhook
	var watch engine.HookWatch
	err = s.outbox.ViewHooks(ctx, ref.MerchantID, func(r engine.HookReader) error {
		if hooks, err = r.Webhooks(); err != nil {
			return err
		}
		watch, err = r.Watch(ref.CampaignID)
		return err
	})
	if err != nil || len(hooks) == 0 {
		return false, err
	}
	movements, err := s.movements.Movements(ctx, ref, watch.Balance.Entry, movementPage)
	if err != nil && !errors.Is(err, engine.ErrNotFound) {
		return false, err
	}
	more = len(movements) == movementPage
	l := &look{campaign: c, now: s.now(), impressions: -1, watch: watch, wants: func(t engine.HookType) bool {
		return slices.ContainsFunc(hooks, func(h engine.Webhook) bool { return h.Wants(t) })
	}}
	if s.impressions != nil {
		l.impressions = s.impressions(ref)
	}
	hangs := c.HangsOnZones(l.now)
	if hangs || c.Flight.Dated() && c.State(l.now) != watch.State { // the second for the moment at which it changed
		if l.zones, err = s.zones.Zones(ctx, c); err != nil {
			return false, err
		}
	}
	l.follow(movements)
	if !more {
		l.standing()
		s.watcher.setTimer(ref, l.wakes(s.impressions != nil), hangs)
	}
	return more, s.keepNews(ctx, ref.MerchantID, l.news, func(tx engine.HookTx) (bool, error) {
		return true, tx.PutWatch(ref.CampaignID, &l.watch)
	})
}

// wakes returns when to look again without being told to.
func (l *look) wakes(impressions bool) time.Time {
	at := l.next()
	if !impressions || l.watch.State != engine.StateRunning {
		return at
	}
	for i := range l.campaign.Budgets {
		if b := &l.campaign.Budgets[i]; b.Metric == engine.MetricImpressions && b.Period == engine.PeriodTotal {
			if soon := l.now.Add(shownEvery); at.IsZero() || soon.Before(at) {
				at = soon
			}
		}
	}
	return at
}

// keepNews keeps events, a delivery for each webhook that asks for them, and what note says, in one transaction. A webhook that was made after the cause is
// told nothing of it. note returns false when the events are there already.
func (s *Service) keepNews(ctx context.Context, merchant string, list []news, note func(engine.HookTx) (bool, error)) error {
	events := make([]engine.HookEvent, len(list))
	for i, n := range list {
		id, err := s.ids.New(s.now())
		if err != nil {
			return err
		}
		events[i] = engine.HookEvent{ID: id, Type: n.kind, Subject: n.subject, Time: n.at}
		if events[i].Body, err = wire.CloudEventOf(&events[i], merchant, n.data); err != nil {
			return err
		}
	}
	var told map[string]bool
	err := s.outbox.UpdateHooks(ctx, merchant, func(tx engine.HookTx) error {
		told = make(map[string]bool)
		fresh, err := note(tx)
		if err != nil || !fresh {
			return err
		}
		hooks, err := tx.Webhooks()
		if err != nil {
			return err
		}
		for _, e := range events {
			if err := s.keepEvent(tx, e, hooks, told); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for id := range told {
		s.poke(merchant, id)
	}
	return nil
}

func (s *Service) keepEvent(tx engine.HookTx, e engine.HookEvent, hooks []engine.Webhook, told map[string]bool) error {
	var to []engine.Webhook
	for _, h := range hooks {
		if h.Wants(e.Type) && !e.Time.Before(due(h.Meta.Created)) { // movements are of whole milliseconds
			to = append(to, h)
		}
	}
	if len(to) == 0 {
		return nil
	}
	if err := tx.AddEvent(&e); err != nil {
		return err
	}
	for _, h := range to {
		if h.Disabled {
			continue
		}
		d := pendingOf(h.ID, &e, s.now())
		if err := tx.PutDelivery(&d); err != nil {
			return err
		}
		told[h.ID] = true
	}
	return nil
}

// readEnds tells of imports that have ended.
func (s *Service) readEnds(ctx context.Context) error {
	after, err := s.outbox.ImportEndsRead(ctx)
	if err != nil {
		return err
	}
	for {
		ends, err := s.outbox.ImportEnds(ctx, after, changesPage)
		if err != nil || len(ends) == 0 {
			return err
		}
		for _, e := range ends {
			if err := s.readEnd(ctx, e); err != nil {
				return err
			}
			after = e.Seq
		}
		if err := s.outbox.SetImportEndsRead(ctx, after); err != nil {
			return err
		}
	}
}

func (s *Service) readEnd(ctx context.Context, e engine.ImportEnd) error {
	s.watcher.mu.Lock()
	_, watched := s.watcher.merchants[e.MerchantID]
	s.watcher.mu.Unlock()
	if !watched {
		return nil
	}
	i, err := s.catalog.Import(ctx, e.ImportID)
	if errors.Is(err, engine.ErrNotFound) || err == nil && i.DryRun {
		return nil
	}
	if err != nil {
		return err
	}
	at := later(i.Finished, i.Started)
	list := []news{{engine.HookImportFinished, at.UTC(), i.ID, wire.HookImportOf(&i)}}
	return s.keepNews(ctx, e.MerchantID, list, func(tx engine.HookTx) (bool, error) {
		last, err := tx.EndsTold()
		if err != nil || e.Seq <= last {
			return false, err
		}
		return true, tx.PutEndsTold(e.Seq)
	})
}

// The trim of what is no longer kept.
const (
	trimEvery = time.Hour
	trimStep  = 200
)

func (s *Service) trim(ctx context.Context, now time.Time) error {
	s.watcher.mu.Lock()
	merchants := sortedKeys(s.watcher.merchants)
	s.watcher.mu.Unlock()
	for _, m := range merchants {
		for {
			n, err := s.outbox.TrimHooks(ctx, m, now.Add(-s.keep), trimStep)
			if err != nil {
				return fmt.Errorf("trim events of merchant %s: %w", m, err)
			}
			if n < trimStep {
				break
			}
		}
	}
	return nil
}
