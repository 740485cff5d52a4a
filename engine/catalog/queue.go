package catalog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// QueueOptions are what a Queue works with. All but Logger and Paused are required.
type QueueOptions struct {
	Service *Service
	Spool   engine.Spool
	// Open makes rows of a kept file.
	Open   func(src io.Reader, i engine.Import) (engine.RowReader, error)
	Logger *slog.Logger // nil: nothing is told
	// Paused takes imports in and leaves them to the next start.
	Paused bool
}

// Queue runs spooled imports one by one, the merchants by turns and each merchant's in the order in which they came. An import that a crash or a close
// interrupts goes on at the next start, from the last 5,000 rows. It is safe for concurrent use.
type Queue struct {
	QueueOptions
	store engine.Store
	stop  context.CancelFunc
	done  sync.WaitGroup
	wake  chan struct{} // of capacity 1

	mu      sync.Mutex // guards the rest
	waiting map[string][]engine.ImportID
	last    string // the merchant that was served last
	current *running
}

var _ engine.ImportQueue = (*Queue)(nil)

// running is the import that is read now.
type running struct {
	id     engine.ImportID
	cancel context.CancelFunc
	called atomic.Bool   // off
	ended  chan struct{} // closed
}

// unavailableFor is how long an import waits whose store was not available.
const unavailableFor = 2 * time.Second

// OpenQueue takes up the imports that have not ended, and removes the files of those that have. Close ends it.
func OpenQueue(ctx context.Context, o QueueOptions) (*Queue, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	q := &Queue{QueueOptions: o, store: o.Service.store, wake: make(chan struct{}, 1), waiting: make(map[string][]engine.ImportID)}
	open, err := q.store.OpenImports(ctx)
	if err != nil {
		return nil, fmt.Errorf("open import queue: %w", err)
	}
	needed := make(map[string]bool, len(open))
	slices.SortFunc(open, func(a, b engine.Import) int { return cmp.Or(a.Started.Compare(b.Started), strings.Compare(a.ID, b.ID)) })
	for _, i := range open {
		needed[fileOf(i.ImportID)] = true
		q.add(i.ImportID)
	}
	if err := q.tidy(ctx, needed); err != nil {
		return nil, fmt.Errorf("open import queue: %w", err)
	}
	running, stop := context.WithCancel(context.Background())
	q.stop = stop
	if !o.Paused {
		q.done.Go(func() { q.work(running) })
	}
	return q, nil
}

// tidy removes the files that no open import needs. Of an import that has ended nobody may have been told: its file goes after that.
func (q *Queue) tidy(ctx context.Context, needed map[string]bool) error {
	files, err := q.Spool.IDs()
	if err != nil {
		return err
	}
	for _, name := range files {
		if needed[name] {
			continue
		}
		report, err := q.store.Import(ctx, importOf(name))
		if err != nil && !errors.Is(err, engine.ErrNotFound) {
			return err
		}
		if err == nil && report.State.Ended() {
			q.Service.ended(ctx, &report)
		}
		if err := q.Spool.Remove(name); err != nil {
			return err
		}
	}
	return nil
}

// fileOf is the name under which the file of an import is kept, and importOf reads it: an ID made here has 36 characters.
func fileOf(id engine.ImportID) string { return id.MerchantID + "." + id.ID }

func importOf(name string) engine.ImportID {
	cut := len(name) - 36
	if cut < 1 || name[cut-1] != '.' {
		return engine.ImportID{}
	}
	return engine.ImportID{MerchantID: name[:cut-1], ID: name[cut:]}
}

// Close interrupts the import that is read, and returns once it is. The store must still be open.
func (q *Queue) Close() error {
	q.stop()
	q.done.Wait()
	return nil
}

// Keep implements engine.ImportQueue.
func (q *Queue) Keep(id engine.ImportID, src io.Reader) (int64, error) {
	return q.Spool.Keep(fileOf(id), src)
}

// Submit implements engine.ImportQueue.
func (q *Queue) Submit(ctx context.Context, w engine.Write, i engine.Import) (engine.Import, error) {
	asked, err := q.Service.newImport(ctx, w, i)
	if err == nil {
		asked.State, asked.Spooled, asked.Size = engine.ImportQueued, true, i.Size
		asked, err = q.store.BeginImport(ctx, w, asked)
	}
	if err != nil || asked.ID != i.ID {
		return asked, errors.Join(err, q.Spool.Remove(fileOf(i.ImportID)))
	}
	q.mu.Lock()
	q.add(asked.ImportID)
	q.mu.Unlock()
	q.nudge()
	return asked, nil
}

// Cancel implements engine.ImportQueue.
func (q *Queue) Cancel(ctx context.Context, id engine.ImportID) (engine.Import, error) {
	record, err := q.store.Import(ctx, id)
	if err != nil {
		return engine.Import{}, err
	}
	q.mu.Lock()
	at := slices.Index(q.waiting[id.MerchantID], id)
	if at >= 0 {
		q.waiting[id.MerchantID] = slices.Delete(q.waiting[id.MerchantID], at, at+1)
	}
	now := q.current
	q.mu.Unlock()
	switch {
	case at >= 0:
		return q.callOff(ctx, record)
	case now != nil && now.id == id:
		now.called.Store(true)
		now.cancel()
		select {
		case <-now.ended:
		case <-ctx.Done():
			return engine.Import{}, ctx.Err()
		}
		if record, err = q.store.Import(ctx, id); err != nil || record.State == engine.ImportCancelled {
			return record, err
		}
	}
	return record, fmt.Errorf("import %s: %w", id.ID, engine.ErrEnded)
}

// callOff ends an import that is not read.
func (q *Queue) callOff(ctx context.Context, record engine.Import) (engine.Import, error) {
	record.State, record.Finished = engine.ImportCancelled, q.Service.now().UTC()
	if err := q.store.SaveImport(ctx, record); err != nil {
		return engine.Import{}, err
	}
	q.Service.ended(ctx, &record)
	return record, q.Spool.Remove(fileOf(record.ImportID))
}

// add puts an import behind the others of its merchant. The lock is held, or nobody else knows of q.
func (q *Queue) add(id engine.ImportID) {
	q.waiting[id.MerchantID] = append(q.waiting[id.MerchantID], id)
}

func (q *Queue) nudge() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// work runs imports until ctx ends.
func (q *Queue) work(ctx context.Context) {
	for {
		now, own := q.next(ctx)
		if now == nil {
			select {
			case <-q.wake:
				continue
			case <-ctx.Done():
				return
			}
		}
		again := q.run(own, now)
		now.cancel()
		q.mu.Lock()
		if q.current = nil; again {
			q.waiting[now.id.MerchantID] = slices.Insert(q.waiting[now.id.MerchantID], 0, now.id)
		}
		q.mu.Unlock()
		close(now.ended)
		if again {
			pause := time.NewTimer(unavailableFor)
			select {
			case <-pause.C:
			case <-ctx.Done():
				pause.Stop()
				return
			}
		}
	}
}

// next takes the import whose turn it is, with a context of its own; nil for none.
func (q *Queue) next(ctx context.Context) (*running, context.Context) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if ctx.Err() != nil {
		return nil, nil
	}
	first, after := "", ""
	for merchant, ids := range q.waiting {
		if len(ids) == 0 {
			delete(q.waiting, merchant)
			continue
		}
		if first == "" || merchant < first {
			first = merchant
		}
		if merchant > q.last && (after == "" || merchant < after) {
			after = merchant
		}
	}
	if after == "" {
		after = first
	}
	if after == "" {
		return nil, nil
	}
	ids := q.waiting[after]
	q.waiting[after], q.last = ids[1:], after
	own, cancel := context.WithCancel(ctx)
	q.current = &running{id: ids[0], cancel: cancel, ended: make(chan struct{})}
	return q.current, own
}

// run reads one import to its end, and reports whether it is to be tried again: because the store was not available, or because the queue is closing, in which
// case nobody does before the next start.
func (q *Queue) run(ctx context.Context, now *running) (again bool) {
	report, err := q.read(ctx, now.id)
	keep := context.WithoutCancel(ctx)
	switch {
	case err == nil:
	case now.called.Load():
		report, err = q.cancelled(keep, now.id)
	case ctx.Err() != nil:
		return true
	case errors.Is(err, engine.ErrUnavailable):
		q.Logger.Warn("an import waits", "merchant", now.id.MerchantID, "import", now.id.ID, "error", err)
		return true
	default:
		report, err = q.failed(keep, now.id, err)
	}
	if err != nil {
		q.Logger.Error("the end of an import cannot be kept", "merchant", now.id.MerchantID, "import", now.id.ID, "error", err)
		return !errors.Is(err, engine.ErrNotFound)
	}
	q.Service.ended(keep, &report)
	if err := q.Spool.Remove(fileOf(now.id)); err != nil {
		q.Logger.Error("the file of an import cannot be removed", "import", now.id.ID, "error", err)
	}
	return false
}

// read goes on with an import from where its record says it is.
func (q *Queue) read(ctx context.Context, id engine.ImportID) (report engine.Import, err error) {
	if report, err = q.store.RewindImport(ctx, id); errors.Is(err, engine.ErrStale) {
		return q.store.Import(ctx, id) // it ended just before it was to be tried again
	}
	if err != nil {
		return report, err
	}
	file, err := q.Spool.Read(fileOf(id))
	if err != nil {
		return report, err
	}
	defer func() { _ = file.Close() }() // it was only read
	counted := &countingReader{src: file}
	rows, err := q.Open(counted, report)
	if err != nil {
		return report, err
	}
	report.State = engine.ImportStaging
	u := newUpload(q.Service, engine.Write{At: q.Service.now().UTC(), By: report.By}, &report, rows)
	u.skip, u.told, u.read = report.Rows, toldBytes(&report), counted.n.Load
	if err := q.store.SaveImport(ctx, report); err != nil {
		return report, err
	}
	if err := u.run(ctx, rows, nil); err != nil {
		return report, err
	}
	return report, u.finish(ctx)
}

// toldBytes is about how many bytes of faults and changes a report has already.
func toldBytes(i *engine.Import) (n int) {
	for _, f := range i.Faults {
		n += len(f.Column) + len(f.Path) + len(f.Message) + len(f.Value) + len(f.Code) + 16
	}
	for _, c := range i.Changes {
		n += len(c.ID) + 16
		for _, f := range c.Fields {
			n += len(f.Path) + len(f.Before) + len(f.After) + 8
		}
	}
	return n
}

// cancelled keeps that an import was called off while it was read, unless its rows are current already.
func (q *Queue) cancelled(ctx context.Context, id engine.ImportID) (engine.Import, error) {
	record, err := q.store.Import(ctx, id)
	if err != nil || record.State != engine.ImportStaging && record.State != engine.ImportQueued {
		return record, err
	}
	record.State, record.Finished = engine.ImportCancelled, q.Service.now().UTC()
	return record, q.store.SaveImport(ctx, record)
}

// failed keeps why an import could not be read to its end.
func (q *Queue) failed(ctx context.Context, id engine.ImportID, cause error) (engine.Import, error) {
	record, err := q.store.Import(ctx, id)
	if err != nil || record.State.Ended() {
		return record, err
	}
	var faults engine.Faults
	switch {
	case errors.As(cause, &faults):
		record.Detail = "the file cannot be read to its end: " + faults.Error()
		for _, f := range faults {
			record.Faults = append(record.Faults, engine.RowFault{Column: f.Path, Fault: f})
		}
	case errors.Is(cause, engine.ErrNoRoom):
		record.Detail = cause.Error()
	default:
		record.Detail = "something went wrong here; the log knows it by the import's ID"
		q.Logger.Error("an import failed", "merchant", id.MerchantID, "import", id.ID, "error", cause)
	}
	record.State, record.Finished = engine.ImportFailed, q.Service.now().UTC()
	return record, q.store.SaveImport(ctx, record)
}

// countingReader counts the bytes that were read of a file.
type countingReader struct {
	src io.Reader
	n   atomic.Int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.src.Read(p)
	c.n.Add(int64(n))
	return n, err
}
