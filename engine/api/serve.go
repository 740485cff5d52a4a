package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/sihai-network/sihai/engine"
)

// serve wraps a route: who asks, what the log and the metrics keep of it, and how an error is told.
func (a *API) serve(r route) gin.HandlerFunc {
	var usual usual
	return func(g *gin.Context) {
		c := &call{Context: g, api: a, route: &r, usual: &usual, now: a.Clock()}
		c.trace = traceOf(g.GetHeader("Traceparent"), a.IDs.Random)
		g.Header("X-Request-Id", c.trace)
		err := c.run()
		if err != nil {
			c.problem(err)
		}
		a.observe(c)
		if c.cut {
			panic(http.ErrAbortHandler) // an answer that ended in order would be taken for a whole one
		}
	}
}

// run does the route; a panic is an error of ours, and the server lives on.
func (c *call) run() (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	if err := c.authorise(); err != nil {
		return err
	}
	if err := c.checkQuery(); err != nil {
		return err
	}
	if c.route.owned {
		named := c.Param("merchant")
		if named == "" {
			named = c.Query("merchant")
		}
		if c.owner, err = c.merchant(named); err != nil {
			return err
		}
	}
	if c.route.writes() {
		return c.runOnce()
	}
	return c.route.handle(c)
}

// observe logs a request and counts it.
func (a *API) observe(c *call) {
	took := a.Clock().Sub(c.now)
	status := c.Writer.Status()
	path := c.FullPath()
	if path == "" {
		path = "none"
	}
	a.metrics.observe(c.usual, methodLabel(c.Request.Method), path, status, took)
	level := slog.LevelDebug
	switch {
	case errors.Is(c.fail, engine.ErrDiskFull): // the store says so once: a line for each would fill the disk that a log may be on
	case status >= http.StatusInternalServerError:
		level = slog.LevelError
	case c.Request.Method != http.MethodGet && path != "/v1/decisions" && path != "/v1/events":
		level = slog.LevelInfo
	}
	if !a.Logger.Enabled(c.ctx(), level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("method", c.Request.Method), slog.String("route", path), slog.Int("status", status),
		slog.Duration("took", took), slog.String("key", c.key.ID), slog.String("trace", c.trace),
	}
	if c.fail != nil {
		attrs = append(attrs, slog.String("error", c.fail.Error()))
	}
	a.Logger.LogAttrs(c.ctx(), level, "request", attrs...)
}

// methodLabel keeps the methods of metrics few, whatever a client calls its own.
func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodHead, http.MethodOptions, http.MethodPatch:
		return method
	}
	return "other"
}

// Timeouts bound a connection. Zero fields take the defaults that stand beside them.
type Timeouts struct {
	ReadHeader time.Duration // 5 s
	Read       time.Duration // 30 s, of a whole request but an upload
	Write      time.Duration // 30 s
	Idle       time.Duration // 2 min
	Shutdown   time.Duration // 20 s, in which requests under way have to end
	Drain      time.Duration // none; how long requests are still taken after /readyz has begun to say no
}

// Serve answers on l until ctx ends. Then /readyz says no for as long as Drain, in which whoever spreads the load can look elsewhere; after that no further
// request is taken, and those under way have Shutdown to end in; after that they are cut off, which is the error.
func (a *API) Serve(ctx context.Context, l net.Listener, t Timeouts) error {
	server := &http.Server{
		Handler:           a.router,
		ReadHeaderTimeout: orDefault(t.ReadHeader, 5*time.Second),
		ReadTimeout:       orDefault(t.Read, 30*time.Second),
		WriteTimeout:      orDefault(t.Write, 30*time.Second),
		IdleTimeout:       orDefault(t.Idle, 2*time.Minute),
		ErrorLog:          slog.NewLogLogger(a.Logger.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	a.draining.Store(true)
	if t.Drain > 0 {
		select {
		case err := <-failed:
			return fmt.Errorf("serve: %w", err)
		case <-time.After(t.Drain):
		}
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), orDefault(t.Shutdown, 20*time.Second))
	defer cancel()
	err := server.Shutdown(grace)
	if err != nil {
		err = errors.Join(fmt.Errorf("shut down: %w", err), server.Close())
	}
	<-failed // http.ErrServerClosed
	return err
}
