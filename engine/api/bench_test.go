package api_test

import (
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/sihai-network/sihai/engine/api/apitest"
)

// benchCampaigns is how many campaigns decisions are made among.
const benchCampaigns = 10_000

// benchWorld is a server with benchCampaigns campaigns, each at a venue of its own in Greater Miami.
func benchWorld(tb testing.TB) *world {
	w := newWorld(tb, apitest.Options{Now: time.Now, Logger: slog.New(slog.DiscardHandler)})
	random := rand.New(rand.NewPCG(7, 8))
	var venues, campaigns strings.Builder
	for i := range benchCampaigns {
		fmt.Fprintf(&venues, `{"id":"b-%d","name":{"en":"Venue %d","zh-Hans":"店 %d"},"lat":%.6f,"lon":%.6f,"category":"%d","time_zone":"America/New_York","currency":"USD"}`+"\n",
			i, i, i, 25.79+0.12*random.NormFloat64(), -80.22+0.08*random.NormFloat64(), 5800+random.IntN(30))
		fmt.Fprintf(&campaigns, `{"id":"b-%d","title":{"en":"Offer %d","zh-Hans":"优惠 %d"},"discount":{"type":"percent","percent":%d},"venues":{"ids":["b-%d"]},"status":"enabled"}`+"\n",
			i, i, i, 1+random.IntN(50), i)
	}
	for _, upload := range []struct{ kind, body string }{{"venues", venues.String()}, {"campaigns", campaigns.String()}} {
		res, err := w.HTTP.Do(w.request(tb, tb.Context(), ask{key: "m-1", method: "POST", path: "/v1/imports?kind=" + upload.kind, body: upload.body, kind: media["ndjson"]}, nil))
		if err != nil {
			tb.Fatal(err)
		}
		read(tb, ask{}, res).want(tb, 200)
	}
	return w
}

// benchRequests are decisions asked for at places that people are at.
func benchRequests() []string {
	random := rand.New(rand.NewPCG(9, 10))
	bodies := make([]string, 256)
	for i := range bodies {
		bodies[i] = fmt.Sprintf(`{"user":{"id":"u-%d","home_country":"CN","languages":["zh-Hans","en"]},"location":{"lat":%.6f,"lon":%.6f,"accuracy":35},"placements":[{"id":"home","count":10}]}`,
			i, 25.79+0.05*random.NormFloat64(), -80.22+0.04*random.NormFloat64())
	}
	return bodies
}

// bareGin serves answers that were made before, in turn, with nothing but gin. It reads the request's body, as any API has to.
func bareGin(tb testing.TB, answers [][]byte) string {
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	var turn atomic.Int64
	router.POST("/v1/decisions", func(c *gin.Context) {
		if _, err := io.Copy(io.Discard, c.Request.Body); err != nil {
			tb.Error(err)
		}
		c.Data(http.StatusOK, gin.MIMEJSON, answers[int(turn.Add(1))%len(answers)])
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	server := &http.Server{Handler: router, ReadHeaderTimeout: 5 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	tb.Cleanup(func() {
		_ = server.Close()
		<-ended
	})
	return listener.Addr().String()
}

// benchStage is both servers and the requests for them.
type benchStage struct {
	sihai, bare string // addresses
	requests    [][]byte
	bytes       int // of all answers together
}

func newBenchStage(b *testing.B) *benchStage {
	w := benchWorld(b)
	s := &benchStage{sihai: w.Addr}
	var answers [][]byte
	for _, body := range benchRequests() {
		s.requests = append(s.requests, apitest.RawDecision(w.keys["app"], body))
		res, err := w.HTTP.Do(w.request(b, b.Context(), ask{key: "app", method: "POST", path: "/v1/decisions", body: body}, nil))
		if err != nil {
			b.Fatal(err)
		}
		got := read(b, ask{}, res).want(b, 200)
		answers = append(answers, got.body)
		s.bytes += len(got.body)
	}
	s.bare = bareGin(b, answers)
	return s
}

// BenchmarkDecisionHTTP answers whole decisions over loopback among 10,000 campaigns, and in the same run lets a bare gin handler return the same bytes to the same
// load: x_bare is how many times as long the decision takes.
func BenchmarkDecisionHTTP(b *testing.B) {
	s := newBenchStage(b)
	for _, connections := range []int{1, 16} {
		b.Run(fmt.Sprintf("campaigns=%d/connections=%d", benchCampaigns, connections), func(b *testing.B) {
			apitest.Load(b, s.sihai, connections, 500, s.requests)
			apitest.Load(b, s.bare, connections, 500, s.requests)
			b.ReportAllocs()
			b.ResetTimer()
			var bare time.Duration
			for done, round := 0, max(1, b.N/10); done < b.N; done += round { // by turns, so that a busy machine is busy for both
				n := min(round, b.N-done)
				apitest.Load(b, s.sihai, connections, n, s.requests)
				b.StopTimer()
				begun := time.Now()
				apitest.Load(b, s.bare, connections, n, s.requests)
				bare += time.Since(begun)
				b.StartTimer()
			}
			b.StopTimer()
			b.ReportMetric(float64(b.Elapsed())/float64(bare), "x_bare")
			b.ReportMetric(float64(s.bytes)/float64(len(s.requests)), "answer_bytes")
		})
	}
}

// BenchmarkBareGin is the bare handler by itself.
func BenchmarkBareGin(b *testing.B) {
	s := newBenchStage(b)
	for _, connections := range []int{1, 16} {
		b.Run(fmt.Sprintf("connections=%d", connections), func(b *testing.B) {
			b.ReportAllocs()
			apitest.Load(b, s.bare, connections, b.N, s.requests)
		})
	}
}
