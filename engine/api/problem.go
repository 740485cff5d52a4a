package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
)

var (
	errNoKey     = errors.New("a key is needed: Authorization: Bearer <key>")
	errBadKey    = errors.New("the key is not known, or was revoked")
	errForbidden = errors.New("the key's role may not do this")
	errMethod    = errors.New("this path has no such method")
	errMediaType = errors.New("media type is not understood")
	errTooLarge  = errors.New("body is too large")
	errBody      = errors.New("body cannot be read")
	errRate      = errors.New("too many requests with this key")
)

// failure is how an error is told.
type failure struct {
	err    error
	status int
	code   string
}

// failures is the one map from errors to HTTP, the first that matches; what matches none is ours, and its cause stays inside.
func failures() []failure {
	return []failure{
		{errNoKey, http.StatusUnauthorized, "key_required"},
		{errBadKey, http.StatusUnauthorized, "key_unknown"},
		{errForbidden, http.StatusForbidden, "forbidden"},
		{errMethod, http.StatusMethodNotAllowed, "method_not_allowed"},
		{errMediaType, http.StatusUnsupportedMediaType, "unsupported_media_type"},
		{errTooLarge, http.StatusRequestEntityTooLarge, "too_large"},
		{errBody, http.StatusBadRequest, "malformed"},
		{errRate, http.StatusTooManyRequests, "rate_limited"},
		{engine.ErrNotFound, http.StatusNotFound, "not_found"},
		{engine.ErrExists, http.StatusConflict, "exists"},
		{engine.ErrStale, http.StatusPreconditionFailed, "stale"},
		{engine.ErrOnceConflict, http.StatusUnprocessableEntity, "idempotency_key_reused"},
		{engine.ErrOnceBusy, http.StatusConflict, "in_progress"},
		{engine.ErrEnded, http.StatusConflict, "ended"},
		{engine.ErrOverlap, http.StatusConflict, "overlapping_experiment"},
		{engine.ErrInUse, http.StatusConflict, "in_use"},
		{engine.ErrForgotten, http.StatusConflict, "position_forgotten"},
		{engine.ErrSettled, http.StatusConflict, "settled"},
		{engine.ErrOwnChange, http.StatusForbidden, "own_change"},
		{engine.ErrTooLittle, http.StatusConflict, "too_little_logged"},
		{engine.ErrNoRoom, http.StatusInsufficientStorage, "no_room"},
		{engine.ErrDiskFull, http.StatusInsufficientStorage, "disk_full"},
		{engine.ErrUnavailable, http.StatusServiceUnavailable, "unavailable"},
		{context.Canceled, http.StatusServiceUnavailable, "cancelled"},
		{context.DeadlineExceeded, http.StatusServiceUnavailable, "timeout"},
	}
}

// problemOf turns an error into what is sent.
func problemOf(err error) wire.Problem {
	p := wire.Problem{Type: "about:blank"}
	var faults engine.Faults
	var refusal *engine.Refusal
	if errors.As(err, &refusal) {
		p.Status, p.Code, p.Detail = http.StatusConflict, "refused", "the offer is not honoured: see reasons"
		p.Reasons = wire.ReasonsOf(refusal.Reasons)
	} else if errors.As(err, &faults) {
		p.Status, p.Code, p.Detail = http.StatusUnprocessableEntity, "invalid_input", "the input has faults: see errors"
		if malformed(faults) {
			p.Status, p.Code = http.StatusBadRequest, "malformed"
		}
		p.Errors = wire.FaultsOf(faults)
	} else {
		p.Status, p.Code, p.Detail = http.StatusInternalServerError, "internal", "something went wrong here; the log knows it by the request's ID"
		for _, f := range failures() {
			if errors.Is(err, f.err) {
				p.Status, p.Code, p.Detail = f.status, f.code, detail(err, f.err)
				break
			}
		}
	}
	p.Title = http.StatusText(p.Status)
	return p
}

// malformed reports whether the input could not be read to its end.
func malformed(faults engine.Faults) bool {
	return slices.ContainsFunc(faults, func(f engine.Fault) bool { return f.Code == "syntax" })
}

// together adds to the faults of a shape, of which there are some, those of its meaning, unless the input could not be read to its end: what was not
// read is not missing.
func together(shape engine.Faults, meaning func() engine.Faults) engine.Faults {
	if malformed(shape) {
		return shape
	}
	return shape.Merge(meaning())
}

// detail returns the message that is safe to tell: our own sentinel's, with what the API itself put behind it.
func detail(err, known error) string {
	switch known {
	case errMediaType, errTooLarge, errBody, engine.ErrInUse, engine.ErrNoRoom, engine.ErrOverlap:
		return err.Error()
	}
	return known.Error()
}

// problem answers with an error, unless the answer was begun.
func (c *call) problem(err error) {
	p := problemOf(err)
	if p.Status >= http.StatusInternalServerError || p.Code == "malformed" {
		c.fail = err
	}
	if c.Writer.Written() {
		c.fail = err
		return
	}
	c.writeProblem(p, p)
}

// writeProblem writes p, or a value that holds it, as a problem.
func (c *call) writeProblem(p wire.Problem, value any) {
	switch p.Status {
	case http.StatusUnauthorized:
		c.Header("WWW-Authenticate", `Bearer realm="sihai"`)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		c.Header("Retry-After", "1")
	case http.StatusConflict:
		if p.Code == "in_progress" {
			c.Header("Retry-After", "1")
		}
	}
	data, err := marshal(value)
	if err != nil {
		c.fail = errors.Join(c.fail, err)
	}
	c.Data(p.Status, "application/problem+json", data)
}

// prefixed reports whether a header's value begins with a word, whatever its case, and returns the rest.
func prefixed(value, word string) (string, bool) {
	if len(value) < len(word) || !strings.EqualFold(value[:len(word)], word) {
		return "", false
	}
	return strings.TrimSpace(value[len(word):]), true
}
