package command

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/client"
)

// target is what a verb works on: a running server, or a data folder opened in this process. Both are asked by the same client.
type target struct {
	*client.Client
	app *app // nil for a server
}

// open reaches the target that the flags name.
func (r *runner) open(ctx context.Context) (*target, error) {
	if r.flags.server != "" {
		if r.flags.data != "" {
			return nil, usagef("--server and --data cannot hold together")
		}
		return &target{Client: client.New(r.flags.server, r.variable("SIHAI_KEY"), nil)}, nil
	}
	options, err := r.options(nil)
	if err != nil {
		return nil, err
	}
	a, err := openApp(ctx, appOptions{
		Options: options, env: r.Environment, logger: r.logger(options.Log.Level, options.Log.Format, slog.LevelWarn),
		local: engine.Key{ID: "cli", Role: engine.RoleOperator},
	})
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", options.Data, err)
	}
	return a.target(), nil
}

// target is the app as a client sees it, without a network.
func (a *app) target() *target {
	transport := &http.Client{Transport: inProcess{a.api.Handler()}}
	return &target{Client: client.New("http://sihai", "", transport), app: a}
}

// close gives the data folder back.
func (t *target) close() error {
	if t.app == nil {
		return nil
	}
	return t.app.close()
}

// inProcess hands requests to a handler of this process.
type inProcess struct{ handler http.Handler }

// RoundTrip returns once the handler has begun its answer; the body is read as it is written.
func (p inProcess) RoundTrip(req *http.Request) (*http.Response, error) {
	own := req.Clone(req.Context())
	if own.Body == nil {
		own.Body = http.NoBody
	}
	own.RequestURI = own.URL.RequestURI()
	body, w := io.Pipe()
	answer := &pipedAnswer{header: http.Header{}, body: w, begun: make(chan struct{})}
	go func() {
		defer func() {
			var broken error
			if recover() != nil { // http.ErrAbortHandler: the API recovers from any other
				broken = io.ErrUnexpectedEOF
			}
			answer.WriteHeader(http.StatusOK)
			_ = own.Body.Close()
			_ = w.CloseWithError(broken) // never fails; nil ends it in order
		}()
		p.handler.ServeHTTP(answer, own)
	}()
	<-answer.begun
	return &http.Response{
		Status: strconv.Itoa(answer.status) + " " + http.StatusText(answer.status), StatusCode: answer.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: answer.sent, Body: body, ContentLength: -1, Request: req,
	}, nil
}

// pipedAnswer is a ResponseWriter into a pipe. It belongs to the handler's goroutine; begun hands status and sent over.
type pipedAnswer struct {
	header http.Header
	sent   http.Header
	status int
	body   *io.PipeWriter
	begun  chan struct{}
}

func (a *pipedAnswer) Header() http.Header { return a.header }

func (a *pipedAnswer) WriteHeader(status int) {
	if a.status == 0 {
		a.status, a.sent = status, a.header.Clone()
		close(a.begun)
	}
}

func (a *pipedAnswer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}

// logger writes to Err. A verb that prints its result there too asks for a level below which nothing is told.
func (r *runner) logger(level, format string, least slog.Level) *slog.Logger {
	var asked slog.Level
	_ = asked.UnmarshalText([]byte(strings.ToUpper(level))) // one of the four words, by the configuration's own check
	o := &slog.HandlerOptions{Level: max(asked, least)}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(r.Err, o))
	}
	return slog.New(slog.NewTextHandler(r.Err, o))
}
