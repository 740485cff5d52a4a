package command

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/sihai-network/sihai/configs"
	"github.com/sihai-network/sihai/engine"
)

// stage is the program with all its real parts on a data folder of its own; its clock stands still and its randomness is
// the same in every run.
type stage struct {
	t      *testing.T
	dir    string
	clock  *stoppedClock
	random *seededRandom
	app    *app
	http   *http.Client
}

// openStage opens the program on an empty folder. The test closes it.
func openStage(t *testing.T, now time.Time) *stage {
	t.Helper()
	st := &stage{t: t, dir: t.TempDir()}
	t.Cleanup(func() {
		if st.app != nil {
			st.close()
		}
	})
	st.open(now)
	return st
}

func (st *stage) open(now time.Time) {
	st.t.Helper()
	options, err := configs.Load(configs.Sources{Flags: map[string]string{"data": st.dir}})
	if err != nil {
		st.t.Fatal(err)
	}
	st.clock, st.random = &stoppedClock{at: now}, newSeededRandom()
	st.app, err = openApp(context.Background(), appOptions{
		Options: options, env: Environment{Now: st.clock.now, Random: st.random}, logger: slog.New(complaint{st.t}),
		local: engine.Key{ID: "cli", Role: engine.RoleOperator},
	})
	if err != nil {
		st.t.Fatal(err)
	}
	st.http = &http.Client{Transport: inProcess{st.app.api.Handler()}}
}

func (st *stage) close() {
	st.t.Helper()
	if err := st.app.close(); err != nil {
		st.t.Errorf("close: %v", err)
	}
	st.app = nil
}

// reopen starts the program again on what it left on disk.
func (st *stage) reopen(now time.Time) {
	st.t.Helper()
	st.close()
	st.open(now)
}

func (st *stage) put(path string, body []byte) []byte {
	st.t.Helper()
	return st.exchange(http.MethodPut, path, "application/json", body)
}

func (st *stage) post(path string, body []byte) []byte {
	st.t.Helper()
	return st.exchange(http.MethodPost, path, "application/json", body)
}

// exchange sends a request through the API and returns the answer; a refusal ends the test.
func (st *stage) exchange(method, path, kind string, body []byte) []byte {
	st.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, "http://sihai"+path, bytes.NewReader(body))
	if err != nil {
		st.t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	res, err := st.http.Do(req)
	if err != nil {
		st.t.Fatal(err)
	}
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		st.t.Fatal(err)
	}
	if res.StatusCode >= http.StatusBadRequest {
		st.t.Fatalf("%s %s: %s\n%s\nto %s", method, path, res.Status, answer, body)
	}
	return answer
}

// stoppedClock tells the time that it was set to.
type stoppedClock struct {
	mu sync.Mutex // guards at
	at time.Time
}

func (c *stoppedClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *stoppedClock) set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

// seededRandom is a source of randomness that begins again where it is told to.
type seededRandom struct {
	mu     sync.Mutex // guards source
	source *rand.ChaCha8
}

func newSeededRandom() *seededRandom {
	r := new(seededRandom)
	r.reset()
	return r
}

func (r *seededRandom) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.source = rand.NewChaCha8([32]byte([]byte("the scenarios of the sihai house")))
}

func (r *seededRandom) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.source.Read(p)
}

// complaint fails a test at whatever the program finds worth a warning.
type complaint struct{ t *testing.T }

func (complaint) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }

func (c complaint) Handle(_ context.Context, r slog.Record) error {
	c.t.Errorf("the program complains: %s", r.Message)
	r.Attrs(func(a slog.Attr) bool {
		c.t.Log(a)
		return true
	})
	return nil
}

func (c complaint) WithAttrs([]slog.Attr) slog.Handler { return c }

func (c complaint) WithGroup(string) slog.Handler { return c }
