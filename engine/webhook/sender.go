package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// Bounds of one request.
const (
	dialTimeout   = 5 * time.Second
	maxAnswer     = 16 << 10 // bytes that are read of an answer, so that its connection can serve again
	maxHeader     = 16 << 10
	maxErrorBytes = 300
)

// sender makes the requests.
type sender struct {
	client *http.Client
	now    engine.Clock
}

// newSender makes a client that dials nothing that the guard refuses, follows no redirect and asks no proxy: a proxy would dial in its place.
func newSender(g guard, r *net.Resolver, timeout time.Duration, now engine.Clock) *sender {
	dialer := &net.Dialer{Timeout: dialTimeout, Resolver: r, Control: g.control}
	return &sender{now: now, client: &http.Client{
		Timeout: timeout,
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSHandshakeTimeout: dialTimeout, ForceAttemptHTTP2: true,
			MaxIdleConns: 100, MaxIdleConnsPerHost: 2, IdleConnTimeout: 30 * time.Second, MaxResponseHeaderBytes: maxHeader,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// send tries a delivery once. Whatever comes of it is in the attempt.
func (s *sender) send(ctx context.Context, w *engine.Webhook, e *engine.HookEvent) engine.HookAttempt {
	a := engine.HookAttempt{Time: s.now().UTC()}
	status, err := s.post(ctx, w, e, a.Time)
	a.Status, a.Took = status, s.now().Sub(a.Time)
	if err != nil {
		a.Error = clip(err.Error())
	}
	return a
}

func (s *sender) post(ctx context.Context, w *engine.Webhook, e *engine.HookEvent, at time.Time) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, bytes.NewReader(e.Body))
	if err != nil {
		return 0, errors.New("the URL cannot be asked")
	}
	signed, err := signature(inForce(w.Secrets, at), e.ID, at, e.Body)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/cloudevents+json; charset=utf-8")
	req.Header.Set("User-Agent", "sihai-webhook/1")
	req.Header.Set("webhook-id", e.ID)
	req.Header.Set("webhook-timestamp", strconv.FormatInt(at.Unix(), 10))
	req.Header.Set("webhook-signature", signed)
	res, err := s.client.Do(req)
	if err != nil {
		return 0, plain(err)
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.CopyN(io.Discard, res.Body, maxAnswer) // what it says does not count
	switch {
	case res.StatusCode >= 200 && res.StatusCode < 300:
		return res.StatusCode, nil
	case res.StatusCode >= 300 && res.StatusCode < 400:
		return res.StatusCode, fmt.Errorf("answered %d: redirects are not followed", res.StatusCode)
	}
	return res.StatusCode, fmt.Errorf("answered %d %s", res.StatusCode, http.StatusText(res.StatusCode))
}

// plain says why there was no answer, without what the inside of the network looks like.
func plain(err error) error {
	var dns *net.DNSError
	var op *net.OpError
	var timeout net.Error
	switch {
	case errors.Is(err, errAddress):
		return errAddress
	case errors.As(err, &dns):
		return errors.New("its host is not found")
	case errors.As(err, &timeout) && timeout.Timeout():
		return errors.New("no answer in time")
	case errors.As(err, &op) && op.Op == "dial":
		return errors.New("cannot be connected to")
	}
	return fmt.Errorf("no answer: %w", errors.Unwrap(err))
}

func clip(text string) string {
	if len(text) > maxErrorBytes {
		text = text[:maxErrorBytes]
	}
	return text
}

func (s *sender) close() { s.client.CloseIdleConnections() }
