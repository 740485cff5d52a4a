package storetest

import (
	"errors"
	"fmt"
	"time"

	"github.com/sihai-network/sihai/engine"
)

func (f *fixture) hooks() engine.Outbox {
	o, ok := f.Store.(engine.Outbox)
	if !ok {
		f.Fatal("the store keeps no webhooks")
	}
	return o
}

func (f *fixture) updateHooks(merchant string, fn func(engine.HookTx) error) {
	f.Helper()
	f.ok(f.hooks().UpdateHooks(f.ctx(), merchant, fn))
}

func (f *fixture) viewHooks(merchant string, fn func(engine.HookReader) error) {
	f.Helper()
	f.ok(f.hooks().ViewHooks(f.ctx(), merchant, fn))
}

func hookEvent(i int) engine.HookEvent {
	return engine.HookEvent{ID: fmt.Sprint("e-", i), Type: engine.HookConfirmed, Subject: "r", Time: epoch.Add(time.Duration(i) * time.Minute), Body: []byte(`{"specversion":"1.0"}`)}
}

func pendingDelivery(hook string, e engine.HookEvent) engine.Delivery {
	return engine.Delivery{WebhookID: hook, Number: e.Number, EventID: e.ID, Type: e.Type, Time: e.Time, State: engine.DeliveryPending, Next: e.Time.Truncate(time.Millisecond)}
}

// testHooks keeps webhooks, events and deliveries of two merchants, and reads them back after a new start.
func testHooks(f *fixture) {
	hook := engine.Webhook{ID: "w-1", MerchantID: "m", URL: "https://hooks.example", Types: []engine.HookType{engine.HookConfirmed}, Note: "n",
		Secrets: []engine.HookSecret{{Secret: "whsec_b"}, {Secret: "whsec_a", Until: epoch}}, Disabled: true, Reason: "gone", Failing: epoch,
		Replay: engine.HookReplay{From: 3, Until: 9}, Meta: engine.Meta{Version: 2, Created: epoch, Updated: epoch, By: "k"}}
	f.updateHooks("m", func(tx engine.HookTx) error {
		_, err := tx.Webhook("w-1")
		f.is(err, engine.ErrNotFound)
		if err := tx.PutWebhook(&hook); err != nil {
			return err
		}
		got, err := tx.Webhook("w-1")
		f.same(got, hook)
		return err
	})
	var all []engine.HookEvent
	for i := range 5 {
		f.updateHooks("m", func(tx engine.HookTx) error {
			e := hookEvent(i)
			if err := tx.AddEvent(&e); err != nil {
				return err
			}
			f.same(e.Number, uint64(i+1))
			one, other := pendingDelivery("w-1", e), pendingDelivery("w-2", e)
			all = append(all, e)
			return errors.Join(tx.PutDelivery(&one), tx.PutDelivery(&other))
		})
	}
	watch := engine.HookWatch{State: engine.StateRunning, Exhausted: true, Near: []engine.HookMark{{Metric: engine.MetricSpend, Currency: "USD", Period: engine.PeriodDay, First: engine.Date{Year: 2026, Month: 11, Day: 24}}}}
	watch.Balance = engine.Balance{BalanceKey: engine.BalanceKey{Per: engine.PerCampaign}, Entry: 4, Total: engine.Taken{Redemptions: 2}}
	once := &engine.Once{Caller: "k", Key: "a", Fingerprint: [32]byte{1}}
	f.updateHooks("m", func(tx engine.HookTx) error {
		return errors.Join(tx.PutWatch("c", &watch), tx.PutEndsTold(7), tx.Remember(once, "kind", "w-1"))
	})
	failed := errors.New("on purpose")
	f.is(f.hooks().UpdateHooks(f.ctx(), "m", func(tx engine.HookTx) error { e := hookEvent(9); return errors.Join(tx.AddEvent(&e), failed) }), failed)

	f.reopen()
	f.viewHooks("m", func(r engine.HookReader) error {
		hooks, err := r.Webhooks()
		f.ok(err)
		f.same(hooks, []engine.Webhook{hook})
		e, err := r.Event(3)
		f.ok(err)
		f.same(e, all[2])
		_, err = r.Event(6)
		f.is(err, engine.ErrNotFound)
		newest, err := r.Newest()
		f.ok(err)
		f.same(newest, uint64(5))
		due, err := r.Due("w-1", 2)
		f.ok(err)
		f.same(due, []engine.DueDelivery{{Next: pendingDelivery("w-1", all[0]).Next, Number: 1}, {Next: pendingDelivery("w-1", all[1]).Next, Number: 2}})
		got, err := r.Watch("c")
		f.ok(err)
		f.same(got, watch)
		told, err := r.EndsTold()
		f.same(told, uint64(7))
		return err
	})
	f.viewHooks("other", func(r engine.HookReader) error {
		hooks, err := r.Webhooks()
		f.same(len(hooks), 0)
		return err
	})
	f.updateHooks("m", func(tx engine.HookTx) error {
		was, err := tx.Earlier(once, "kind")
		f.ok(err)
		f.same(was, "w-1")
		_, err = tx.Earlier(&engine.Once{Caller: "k", Key: "a", Fingerprint: [32]byte{2}}, "kind")
		f.is(err, engine.ErrOnceConflict)
		return nil
	})
	testDeliveries(f, all)
}

// testDeliveries settles, lists and forgets what testHooks has kept.
func testDeliveries(f *fixture, all []engine.HookEvent) {
	f.updateHooks("m", func(tx engine.HookTx) error {
		d, err := tx.Delivery("w-1", 1)
		f.ok(err)
		f.same(d, pendingDelivery("w-1", all[0]))
		d.State, d.Next, d.Tries = engine.DeliveryDelivered, time.Time{}, 1
		d.Attempts = []engine.HookAttempt{{Time: epoch, Took: time.Second, Status: 500, Error: "answered 500"}}
		later, err := tx.Delivery("w-1", 2)
		f.ok(err)
		later.Next = epoch.AddDate(0, 0, 1)
		return errors.Join(tx.PutDelivery(&d), tx.PutDelivery(&later))
	})
	f.viewHooks("m", func(r engine.HookReader) error {
		due, err := r.Due("w-1", 9)
		f.ok(err)
		var numbers []uint64
		for _, d := range due {
			numbers = append(numbers, d.Number)
		}
		f.same(numbers, []uint64{3, 4, 5, 2})
		return nil
	})
	listed := func(hook, after string, limit int) (numbers []uint64, next string) {
		page, next, err := f.hooks().ListDeliveries(f.ctx(), "m", hook, engine.Page{Limit: limit, After: after})
		f.ok(err)
		for _, d := range page {
			f.same(d.WebhookID, hook)
			numbers = append(numbers, d.Number)
		}
		return numbers, next
	}
	first, next := listed("w-1", "", 2)
	f.same(first, []uint64{5, 4})
	f.same(next, "4")
	rest, next := listed("w-1", next, 9)
	f.same(rest, []uint64{3, 2, 1})
	f.same(next, "")
	number, err := f.hooks().FirstHookEvent(f.ctx(), "m", epoch.Add(90*time.Second))
	f.ok(err)
	f.same(number, uint64(3))
	number, err = f.hooks().FirstHookEvent(f.ctx(), "m", epoch.AddDate(1, 0, 0))
	f.ok(err)
	f.same(number, uint64(6))

	n, err := f.hooks().TrimHooks(f.ctx(), "m", epoch.Add(150*time.Second), 2)
	f.ok(err)
	f.same(n, 2)
	n, err = f.hooks().TrimHooks(f.ctx(), "m", epoch.Add(150*time.Second), 2)
	f.ok(err)
	f.same(n, 1)
	left, _ := listed("w-2", "", 9)
	f.same(left, []uint64{5, 4})
	f.viewHooks("m", func(r engine.HookReader) error {
		due, err := r.Due("w-1", 9)
		f.same(len(due), 2)
		return err
	})
	f.updateHooks("m", func(tx engine.HookTx) error {
		e := hookEvent(5)
		f.ok(tx.AddEvent(&e))
		f.same(e.Number, uint64(6))
		return tx.DeleteWebhook("w-1")
	})
	var merchants []string
	f.ok(f.hooks().EachHookMerchant(f.ctx(), func(m string) error { merchants = append(merchants, m); return nil }))
	f.same(merchants, []string{"m"})
}

// testImportEnds reads which imports have ended, each once.
func testImportEnds(f *fixture) {
	f.merchant("m")
	w := engine.Write{At: epoch, By: "cli"}
	for _, id := range []string{"i-1", "i-2", "i-3"} {
		i := engine.Import{ImportID: engine.ImportID{MerchantID: "m", ID: id}, Kind: engine.ImportVenues, Format: "csv"}
		_, err := f.BeginImport(f.ctx(), w, i)
		f.ok(err)
		switch id {
		case "i-1":
			_, err = f.CommitImport(f.ctx(), w, i)
		case "i-2":
			err = errors.Join(f.DropImport(f.ctx(), i), f.DropImport(f.ctx(), i))
		}
		f.ok(err)
	}
	f.reopen() // i-3 was open, and has failed
	ends, err := f.hooks().ImportEnds(f.ctx(), 0, 9)
	f.ok(err)
	var ids []string
	for i, e := range ends {
		f.same(e.Seq, uint64(i+1))
		ids = append(ids, e.MerchantID+"/"+e.ID)
	}
	f.same(ids, []string{"m/i-1", "m/i-2", "m/i-3"})
	f.ok(f.hooks().SetImportEndsRead(f.ctx(), 2))
	f.reopen()
	read, err := f.hooks().ImportEndsRead(f.ctx())
	f.ok(err)
	f.same(read, uint64(2))
}
