package command_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sihai-network/sihai/cmd/sihai/command"
	"github.com/sihai-network/sihai/engine/client"
	"github.com/sihai-network/sihai/engine/wire"
)

// patience bounds every wait for something that has to come; nothing is measured by it.
const patience = time.Minute

// TestMain makes the room for the built program, and lets the test binary stand in for curl where it is called by that name.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "curl" {
		os.Exit(curl(os.Args[1:], os.Stdout, os.Stderr))
	}
	code := m.Run()
	if built.dir != "" {
		_ = os.RemoveAll(built.dir)
	}
	os.Exit(code)
}

// built is the program as a user builds it, made by the first test that needs it.
var built struct {
	once sync.Once
	dir  string
	err  error
}

// program returns the path of the built program.
func program(t *testing.T) string {
	t.Helper()
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "sihai-program-*"); built.err != nil {
			return
		}
		build := exec.Command("go", "build", "-o", filepath.Join(built.dir, "sihai"), "./cmd/sihai")
		build.Dir = moduleRoot(t)
		if out, err := build.CombinedOutput(); err != nil {
			built.err = fmt.Errorf("build: %w\n%s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return filepath.Join(built.dir, "sihai")
}

// lines is output that one goroutine writes while others read.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// running is a run of the program in process that goes on until it is stopped.
type running struct {
	out, errs lines
	cancel    context.CancelFunc
	code      chan int
	once      sync.Once
	ended     result
}

// start begins a run that ends with the test, if not before. A nil random is the machine's own.
func start(t *testing.T, random io.Reader, env []string, args ...string) *running {
	t.Helper()
	if random == nil {
		random = rand.Reader
	}
	return startBy(t, time.Now, random, env, args...)
}

// startBy is start by another clock.
func startBy(t *testing.T, now func() time.Time, random io.Reader, env []string, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{cancel: cancel, code: make(chan int, 1)}
	go func() {
		r.code <- command.Run(ctx, args, command.Environment{
			In: strings.NewReader(""), Out: &r.out, Err: &r.errs, Env: env, Now: now, Random: random,
		})
	}()
	t.Cleanup(func() { r.stop(t) })
	return r
}

// await returns the first match of a pattern in what the run prints.
func (r *running) await(t *testing.T, pattern string) []string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	for until := time.Now().Add(patience); time.Now().Before(until); time.Sleep(5 * time.Millisecond) {
		if found := re.FindStringSubmatch(r.out.String()); found != nil {
			return found
		}
		if len(r.code) > 0 {
			break
		}
	}
	t.Fatalf("%s was not told: %s%s", pattern, r.out.String(), r.errs.String())
	return nil
}

// stop asks the run to end, as an interrupt does, and returns what it gave. A second call gives the same.
func (r *running) stop(t *testing.T) result {
	t.Helper()
	r.cancel()
	return r.wait(t)
}

func (r *running) wait(t *testing.T) result {
	t.Helper()
	r.once.Do(func() {
		select {
		case code := <-r.code:
			r.ended = result{code, r.out.String(), r.errs.String()}
		case <-time.After(patience):
			t.Errorf("the program does not end: %s%s", r.out.String(), r.errs.String())
		}
	})
	return r.ended
}

// operatorKey is the bootstrap key of the servers in these tests.
const operatorKey = "an-operators-key-for-trials"

// server is a run of serve.
type server struct {
	*running
	url string
}

// serving starts a server on a data folder and a free port.
func serving(t *testing.T, dir string) server {
	t.Helper()
	r := start(t, nil, []string{"SIHAI_BOOTSTRAP_KEY=" + operatorKey, "SIHAI_LOG_LEVEL=warn"}, "serve", "--data", dir, "--listen", "127.0.0.1:0")
	return server{r, r.await(t, `serves (http://\S+) on`)[1]}
}

func (s server) client() *client.Client { return client.New(s.url, operatorKey, nil) }

// env is what a verb needs to work on the server.
func (s server) env() []string { return []string{"SIHAI_KEY=" + operatorKey, "SIHAI_SERVER=" + s.url} }

// written puts a file into a new folder and returns its path.
func written(t *testing.T, name, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// allOf reads every page of a list; of a merchant that is not there yet it is empty.
func allOf[T any](t *testing.T, page func(client.Page) (wire.List[T], error)) (items []T) {
	t.Helper()
	p := client.Page{Limit: 1000}
	for {
		l, err := page(p)
		var refused *client.Problem
		if errors.As(err, &refused) && refused.Status == http.StatusNotFound {
			return nil
		}
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, l.Data...)
		if l.NextCursor == "" {
			return items
		}
		p.Cursor = l.NextCursor
	}
}
