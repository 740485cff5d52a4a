package webhook

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/sihai-network/sihai/engine"
)

// inside is a server on 127.0.0.1 that nothing may reach.
func inside(t *testing.T) (port string, hits *atomic.Int64) {
	hits = new(atomic.Int64)
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	t.Cleanup(s.Close)
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u.Port(), hits
}

// TestNothingInsideIsReached writes the address of this machine in every form that some resolver or socket takes for it.
func TestNothingInsideIsReached(t *testing.T) {
	port, hits := inside(t)
	s := newSender(guard{}, nil, 5*time.Second, time.Now)
	defer s.close()
	secret, err := newSecret(strings.NewReader(strings.Repeat("s", secretBytes)))
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{
		"127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "0", "0.0.0.0", "localhost", "LOCALHOST", "localhost.",
		"[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]", "[::127.0.0.1]", "[64:ff9b::127.0.0.1]", "[2002:7f00:1::]", "127.0.0.1.",
	} {
		a := s.send(t.Context(), &engine.Webhook{URL: "http://" + host + ":" + port + "/", Secrets: []engine.HookSecret{secret}}, &engine.HookEvent{ID: "e", Body: []byte("{}")})
		if a.Error == "" || a.Status != 0 {
			t.Errorf("%s: %+v", host, a)
		}
		if strings.Contains(a.Error, "127.0.0.1") {
			t.Errorf("%s: the error tells what was found: %s", host, a.Error)
		}
	}
	if n := hits.Load(); n != 0 {
		t.Errorf("the inside was reached %d times", n)
	}
}

// TestRedirectsAndRebinding reaches a server that may be reached, which sends on to the inside, and whose name then leads there.
func TestRedirectsAndRebinding(t *testing.T) {
	port, hits := inside(t)
	listener, err := net.Listen("tcp", "127.0.0.2:"+port)
	if err != nil {
		t.Skipf("no second loopback address: %v", err)
	}
	var outside atomic.Int64
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		outside.Add(1)
		w.Header().Set("Connection", "close")
		status := http.StatusFound
		if r.URL.Path == "/keep" {
			status = http.StatusPermanentRedirect
		}
		http.Redirect(w, r, "http://127.0.0.1:"+port+"/", status)
	})}
	go func() { _ = server.Serve(listener) }() // until Close
	defer func() { _ = server.Close() }()

	names := newNameServer(t)
	s := newSender(guard{[]netip.Prefix{netip.MustParsePrefix("127.0.0.2/32")}}, names.resolver(), 5*time.Second, time.Now)
	defer s.close()
	try := func(path string) engine.HookAttempt {
		w := engine.Webhook{URL: "http://shop.example:" + port + path, Secrets: []engine.HookSecret{{Secret: secretPrefix + "c2VjcmV0"}}}
		return s.send(t.Context(), &w, &engine.HookEvent{ID: "e", Body: []byte("{}")})
	}
	names.answer.Store("127.0.0.2")
	for _, path := range []string{"/", "/keep"} {
		if a := try(path); a.Status < 300 || a.Status > 399 || !strings.Contains(a.Error, "redirects are not followed") {
			t.Fatalf("%+v", a)
		}
	}
	names.answer.Store("127.0.0.1")
	if a := try("/"); a.Status != 0 || a.Error != errAddress.Error() {
		t.Errorf("after the name has changed: %+v", a)
	}
	if outside.Load() != 2 || hits.Load() != 0 {
		t.Errorf("the outside was reached %d times, the inside %d", outside.Load(), hits.Load())
	}
}

// nameServer answers every question for an IPv4 address with the one that it was told last.
type nameServer struct {
	conn   net.PacketConn
	answer atomic.Value // string
}

func newNameServer(t *testing.T) *nameServer {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &nameServer{conn: conn}
	ended := make(chan struct{})
	go func() { defer close(ended); n.serve() }()
	t.Cleanup(func() { _ = conn.Close(); <-ended })
	return n
}

func (n *nameServer) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", n.conn.LocalAddr().String())
	}}
}

func (n *nameServer) serve() {
	buf := make([]byte, 1500)
	for {
		size, from, err := n.conn.ReadFrom(buf)
		if err != nil {
			return
		}
		var asked dnsmessage.Message
		if asked.Unpack(buf[:size]) != nil || len(asked.Questions) != 1 {
			continue
		}
		reply := dnsmessage.Message{Header: dnsmessage.Header{ID: asked.ID, Response: true, Authoritative: true}, Questions: asked.Questions}
		if q := asked.Questions[0]; q.Type == dnsmessage.TypeA {
			reply.Answers = []dnsmessage.Resource{{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 0},
				Body:   &dnsmessage.AResource{A: netip.MustParseAddr(n.answer.Load().(string)).As4()},
			}}
		}
		packed, err := reply.Pack()
		if err == nil {
			_, _ = n.conn.WriteTo(packed, from)
		}
	}
}

// FuzzURL holds that a URL which is taken leads to a host that a request may go to, or to a name.
func FuzzURL(f *testing.F) {
	for _, text := range []string{
		"https://hooks.example/a?b=c", "https://127.0.0.1", "https://[::1]:8443/", "https://2130706433", "https://0x7f.1", "https://a@b", "http://x", "https://", "https:x",
		"https://[fe80::1%25lo]/", "https://ex%61mple/", "https://\u3002/", "https://127.0.0.1.:1/", "https://a.0x1/", "https://[::ffff:8.8.8.8]",
	} {
		f.Add(text)
	}
	s := &Service{}
	f.Fuzz(func(t *testing.T, text string) {
		if len(s.checkURL(text)) > 0 {
			return
		}
		u, err := url.Parse(text)
		if err != nil || u.Scheme != "https" || u.User != nil || u.Hostname() == "" {
			t.Fatalf("%q is taken: %v", text, err)
		}
		if a, err := netip.ParseAddr(u.Hostname()); err == nil && !public(a) {
			t.Fatalf("%q is taken", text)
		}
		if _, err := http.NewRequestWithContext(t.Context(), http.MethodPost, text, nil); err != nil {
			t.Fatal(fmt.Errorf("%q is taken and cannot be asked: %w", text, err))
		}
	})
}
