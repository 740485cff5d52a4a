package catalog_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/catalog"
	"github.com/sihai-network/sihai/store/spool"
)

// line is a queue whose files name how many venues they hold, and whose reading the test can hold up.
type line struct {
	*catalog.Queue
	house
	files *spool.Folder
	gate  chan struct{} // each row waits for it; closed: none does
	begun chan engine.ImportID

	mu    sync.Mutex
	ended []engine.Import
}

func newLine(t *testing.T, dir string, h house) *line {
	t.Helper()
	l := &line{house: h, gate: make(chan struct{}), begun: make(chan engine.ImportID, 10)}
	l.service = catalog.New(catalog.Options{
		Store: h.db, Zones: floridaZones{}, Random: bytes.NewReader(make([]byte, 1<<16)), Now: func() time.Time { return noon.Add(time.Minute) },
		ImportEnded: func(_ context.Context, i engine.Import) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.ended = append(l.ended, i)
		},
	})
	var err error
	if l.files, err = spool.Open(dir, 0); err != nil {
		t.Fatal(err)
	}
	l.Queue, err = catalog.OpenQueue(t.Context(), catalog.QueueOptions{Service: l.service, Spool: l.files, Open: func(src io.Reader, i engine.Import) (engine.RowReader, error) {
		var n int
		if _, err := fmt.Fscan(src, &n); err != nil {
			return nil, engine.Faults{{Code: "syntax", Message: err.Error()}}
		}
		var venues []engine.Venue
		for v := range n {
			venues = append(venues, venue(i.MerchantID, fmt.Sprintf("n-%d", v), v))
		}
		l.begun <- i.ImportID
		return &gatedRows{RowReader: venueRows(venues...), gate: l.gate}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

type gatedRows struct {
	engine.RowReader
	gate chan struct{}
}

func (g *gatedRows) Next() (engine.ImportRow, error) {
	<-g.gate
	return g.RowReader.Next()
}

// submit queues an upload of n venues under a name of 36 characters.
func (l *line) submit(t *testing.T, merchant, name, content string) engine.ImportID {
	t.Helper()
	id := engine.ImportID{MerchantID: merchant, ID: name + strings.Repeat("-", 36-len(name))}
	size, err := l.Keep(id, strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	i, err := l.Submit(t.Context(), write(), engine.Import{ImportID: id, Kind: engine.ImportVenues, Format: "csv", Size: size})
	if err != nil || i.State != engine.ImportQueued {
		t.Fatalf("%+v, %v", i, err)
	}
	return id
}

// await waits until an import has ended and returns its record.
func (l *line) await(t *testing.T, id engine.ImportID) engine.Import {
	t.Helper()
	for {
		i, err := l.db.Import(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if i.State.Ended() {
			return i
		}
		time.Sleep(time.Millisecond)
	}
}

func (l *line) close(t *testing.T) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// The merchants are served by turns, and each in the order of its uploads; every end is told, and no file is left.
func TestQueueServesMerchantsByTurns(t *testing.T) {
	h := newHouse(t, 0, "m-1", "m-2", "m-3")
	l := newLine(t, t.TempDir(), h)
	first := l.submit(t, "m-1", "a", "1")
	<-l.begun // the rest waits behind it
	order := []engine.ImportID{l.submit(t, "m-1", "b", "1"), l.submit(t, "m-1", "c", "1"), l.submit(t, "m-2", "d", "1"), l.submit(t, "m-3", "e", "1")}
	close(l.gate)
	l.await(t, first)
	for _, id := range order {
		l.await(t, id)
	}
	l.close(t)
	close(l.begun)
	var got []string
	for id := range l.begun {
		got = append(got, id.ID[:1])
	}
	mustEqual(t, "order", got, []string{"d", "e", "b", "c"})
	if ids, err := l.files.IDs(); err != nil || len(ids) > 0 || len(l.ended) != 5 {
		t.Errorf("%q are left, %v; %d were told", ids, err, len(l.ended))
	}
}

// What waits and what is read can be called off, and then leaves nothing; what has ended cannot.
func TestQueueCancels(t *testing.T) {
	h := newHouse(t, 0, "m-1")
	l := newLine(t, t.TempDir(), h)
	read := l.submit(t, "m-1", "a", "5")
	<-l.begun
	waiting := l.submit(t, "m-1", "b", "5")
	for _, id := range []engine.ImportID{waiting, read} {
		ended := make(chan error, 1)
		go func() {
			i, err := l.Cancel(t.Context(), id)
			if err == nil && i.State != engine.ImportCancelled {
				err = fmt.Errorf("its state is %s", i.State)
			}
			ended <- err
		}()
		if id == read {
			close(l.gate)
		}
		if err := <-ended; err != nil && !(id == read && errors.Is(err, engine.ErrEnded)) { // it may have been done just before
			t.Errorf("%s: %v", id.ID, err)
		}
		if i := l.await(t, id); id == waiting && i.State != engine.ImportCancelled {
			t.Errorf("%+v", i)
		}
	}
	if _, err := l.Cancel(t.Context(), waiting); !errors.Is(err, engine.ErrEnded) {
		t.Error(err)
	}
	if _, err := l.Cancel(t.Context(), engine.ImportID{MerchantID: "m-1", ID: "none"}); !errors.Is(err, engine.ErrNotFound) {
		t.Error(err)
	}
	l.close(t)
}

// A close interrupts, and the next queue on the folder goes on; files of nobody go.
func TestQueueGoesOnAfterAClose(t *testing.T) {
	h, dir := newHouse(t, 0, "m-1"), t.TempDir()
	l := newLine(t, dir, h)
	id := l.submit(t, "m-1", "a", "2500")
	broken := l.submit(t, "m-1", "b", "no number")
	<-l.begun
	l.gate <- struct{}{} // its rows are being read
	closed := make(chan struct{})
	go func() { l.close(t); close(closed) }()
	for range 1200 {
		select {
		case l.gate <- struct{}{}:
		case <-closed:
		}
	}
	<-closed
	if i, err := h.db.Import(t.Context(), id); err != nil || i.State != engine.ImportStaging {
		t.Fatalf("%+v, %v", i, err)
	}
	if _, err := l.files.Keep("m-1.stray", strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	again := newLine(t, dir, h)
	close(again.gate)
	if i := again.await(t, id); counts(i) != "done: 2500 rows, 2500 accepted (2500 added, 0 changed, 0 same), 0 rejected" {
		t.Error(counts(i))
	}
	if i := again.await(t, broken); i.State != engine.ImportFailed || len(i.Faults) != 1 || i.Faults[0].Code != "syntax" || i.Detail == "" {
		t.Errorf("%+v", i)
	}
	again.close(t)
	if ids, err := again.files.IDs(); err != nil || len(ids) > 0 {
		t.Errorf("%q are left, %v", ids, err)
	}
	told := []string{}
	for _, i := range again.ended {
		told = append(told, string(i.State))
	}
	if !slices.Equal(told, []string{"done", "failed"}) {
		t.Errorf("told %q", told)
	}
}
