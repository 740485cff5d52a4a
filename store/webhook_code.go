package store

import (
	"time"

	"github.com/sihai-network/sihai/engine"
)

// writeWebhook leaves the ID and the merchant to the key and the partition.
func writeWebhook(m *message, w *engine.Webhook) {
	m.str(1, w.URL)
	for _, t := range w.Types {
		m.item(2, string(t))
	}
	m.str(3, w.Note)
	for _, s := range w.Secrets {
		m.sub(4, func() {
			m.str(1, s.Secret)
			m.time(2, s.Until)
		})
	}
	m.bool(5, w.Disabled)
	m.str(6, w.Reason)
	m.time(7, w.Failing)
	m.uint(8, w.Replay.From)
	m.uint(9, w.Replay.Until)
	m.uint(10, w.Meta.Version)
	m.time(11, w.Meta.Created)
	m.time(12, w.Meta.Updated)
	m.str(13, w.Meta.By)
}

func readWebhook(w *engine.Webhook, f *field) {
	switch f.num {
	case 1:
		w.URL = f.str()
	case 2:
		w.Types = append(w.Types, engine.HookType(f.str()))
	case 3:
		w.Note = f.str()
	case 4:
		var s engine.HookSecret
		f.sub(func(f *field) {
			switch f.num {
			case 1:
				s.Secret = f.str()
			case 2:
				s.Until = f.time()
			}
		})
		w.Secrets = append(w.Secrets, s)
	case 5:
		w.Disabled = f.bool()
	case 6:
		w.Reason = f.str()
	case 7:
		w.Failing = f.time()
	case 8:
		w.Replay.From = f.uint()
	case 9:
		w.Replay.Until = f.uint()
	case 10:
		w.Meta.Version = f.uint()
	case 11:
		w.Meta.Created = f.time()
	case 12:
		w.Meta.Updated = f.time()
	case 13:
		w.Meta.By = f.str()
	}
}

func writeHookEvent(m *message, e *engine.HookEvent) {
	m.str(1, e.ID)
	m.str(2, string(e.Type))
	m.str(3, e.Subject)
	m.time(4, e.Time)
	m.bytes(5, e.Body)
}

func readHookEvent(e *engine.HookEvent, f *field) {
	switch f.num {
	case 1:
		e.ID = f.str()
	case 2:
		e.Type = engine.HookType(f.str())
	case 3:
		e.Subject = f.str()
	case 4:
		e.Time = f.time()
	case 5:
		e.Body = f.bytes()
	}
}

func writeDelivery(m *message, d *engine.Delivery) {
	m.str(1, d.EventID)
	m.str(2, string(d.Type))
	m.time(3, d.Time)
	m.str(4, string(d.State))
	m.time(5, d.Next)
	m.int(6, int64(d.Tries))
	for _, a := range d.Attempts {
		m.sub(7, func() {
			m.time(1, a.Time)
			m.int(2, int64(a.Took))
			m.int(3, int64(a.Status))
			m.str(4, a.Error)
		})
	}
}

func readDelivery(d *engine.Delivery, f *field) {
	switch f.num {
	case 1:
		d.EventID = f.str()
	case 2:
		d.Type = engine.HookType(f.str())
	case 3:
		d.Time = f.time()
	case 4:
		d.State = engine.DeliveryState(f.str())
	case 5:
		d.Next = f.time()
	case 6:
		d.Tries = int(f.int())
	case 7:
		var a engine.HookAttempt
		f.sub(func(f *field) {
			switch f.num {
			case 1:
				a.Time = f.time()
			case 2:
				a.Took = time.Duration(f.int())
			case 3:
				a.Status = int(f.int())
			case 4:
				a.Error = f.str()
			}
		})
		d.Attempts = append(d.Attempts, a)
	}
}

func writeWatch(m *message, w *engine.HookWatch) {
	m.str(1, string(w.State))
	m.sub(2, func() { writeBalance(m, &w.Balance) })
	m.bool(3, w.Exhausted)
	for _, n := range w.Near {
		m.sub(4, func() {
			m.str(1, string(n.Metric))
			m.str(2, n.Currency)
			m.str(3, string(n.Period))
			m.date(4, n.First)
		})
	}
}

func readWatch(w *engine.HookWatch, f *field) {
	switch f.num {
	case 1:
		w.State = engine.State(f.str())
	case 2:
		f.sub(func(f *field) { readBalance(&w.Balance, f) })
	case 3:
		w.Exhausted = f.bool()
	case 4:
		var n engine.HookMark
		f.sub(func(f *field) {
			switch f.num {
			case 1:
				n.Metric = engine.Metric(f.str())
			case 2:
				n.Currency = f.str()
			case 3:
				n.Period = engine.Period(f.str())
			case 4:
				n.First = f.date()
			}
		})
		w.Near = append(w.Near, n)
	}
}
