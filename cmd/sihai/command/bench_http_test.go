package command

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/api/apitest"
	"github.com/sihai-network/sihai/engine/wire"
)

// benchedWorld opens the world of `sihai bench`, of SIHAI_CAMPAIGNS campaigns (20,000), in the folder SIHAI_WORLD where it is told, which is filled if it is empty.
func benchedWorld(b *testing.B) (*app, *places) {
	b.Helper()
	campaigns := 20_000
	if n, err := strconv.Atoi(os.Getenv("SIHAI_CAMPAIGNS")); err == nil {
		campaigns = n
	}
	r := &runner{Environment: Environment{In: http.NoBody, Out: io.Discard, Err: os.Stderr, Now: time.Now, Random: rand.Reader}}
	run := &bench{runner: r, world: testWorld(b, 1, worldClustered, campaigns), clock: &demoClock{real: time.Now}}
	run.clock.run(worldTime())
	var err error
	if run.options, err = r.options(nil); err != nil {
		b.Fatal(err)
	}
	run.options.RateLimit.RequestsPerSecond = 0
	if run.options.Data = os.Getenv("SIHAI_WORLD"); run.options.Data == "" {
		run.options.Data = b.TempDir()
	}
	if err := run.fill(b.Context()); err != nil {
		b.Fatal(err)
	}
	begin := time.Now()
	a, err := run.open(b.Context(), run.options.Data)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := a.close(); err != nil {
			b.Error(err)
		}
	})
	b.Logf("%d campaigns open after %v", campaigns, time.Since(begin).Round(time.Millisecond))
	all, err := newPlaces(run.world)
	if err != nil {
		b.Fatal(err)
	}
	return a, all
}

// serveBench serves a handler on a free port for as long as the benchmark runs.
func serveBench(b *testing.B, h http.Handler) (addr string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(b.Context()))
	ended := make(chan error, 1)
	go func() { ended <- serveHTTP(ctx, l, h) }()
	b.Cleanup(func() {
		stop()
		if err := <-ended; err != nil && !errors.Is(err, http.ErrServerClosed) {
			b.Error(err)
		}
	})
	return l.Addr().String()
}

// The rounds by which the two servers take turns.
const (
	benchRounds   = 7
	benchRoundFor = time.Second
)

// BenchmarkWorldHTTP asks for 20 offers at each kind of place over 16 connections, by turns with a bare gin handler that reads the body and returns the same bytes. of_bare is the
// median of the rounds' ratios of requests a second: 1 would be an answer for nothing.
func BenchmarkWorldHTTP(b *testing.B) {
	a, all := benchedWorld(b)
	key, err := a.target().CreateKey(b.Context(), wire.Key{Role: "app", Note: "bench"})
	if err != nil {
		b.Fatal(err)
	}
	served, err := a.face(engine.Key{})
	if err != nil {
		b.Fatal(err)
	}
	sihai := serveBench(b, served.Handler())
	for kind := range placeKinds {
		b.Run(kind.String(), func(b *testing.B) {
			var requests, answers [][]byte
			size := 0
			for i := range all[kind] {
				requests = append(requests, apitest.RawDecision(key.Secret, string(all[kind][i].body)))
				answers = append(answers, answerOf(b, sihai, key.Secret, all[kind][i].body))
				size += len(answers[i])
			}
			bare := serveBench(b, bareHandler(answers))
			var ratios, rates []float64
			for range benchRounds {
				ours, theirs := requestRate(b, sihai, requests), requestRate(b, bare, requests)
				rates, ratios = append(rates, ours), append(ratios, ours/theirs)
			}
			slices.Sort(ratios)
			slices.Sort(rates)
			b.ReportMetric(ratios[len(ratios)/2], "of_bare")
			b.ReportMetric(rates[len(rates)/2], "requests/s")
			b.ReportMetric(float64(size)/float64(len(answers)), "answer_bytes")
			b.ReportMetric(0, "ns/op")
			b.Logf("of the bare handler's requests a second in each round, sorted: %.2f", ratios)
		})
	}
}

// requestRate is the requests a second that a server answers to 16 clients.
func requestRate(b *testing.B, addr string, requests [][]byte) float64 {
	asked, begin := 0, time.Now()
	for time.Since(begin) < benchRoundFor {
		apitest.Load(b, addr, 16, 2_000, requests)
		asked += 2_000
	}
	return float64(asked) / time.Since(begin).Seconds()
}

func answerOf(b *testing.B, addr, secret string, body []byte) []byte {
	req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, "http://"+addr+"/v1/decisions", bytes.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+secret)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("answered %s: %s", res.Status, answer)
	}
	if err != nil {
		b.Fatal(err)
	}
	return answer
}

// bareHandler is what gin costs alone.
func bareHandler(answers [][]byte) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	var turn atomic.Int64
	router.POST("/v1/decisions", func(c *gin.Context) {
		if _, err := io.Copy(io.Discard, c.Request.Body); err != nil {
			_ = c.Error(err)
		}
		c.Data(http.StatusOK, gin.MIMEJSON, answers[int(turn.Add(1))%len(answers)])
	})
	return router
}
