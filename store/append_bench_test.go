package store_test

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store/badgerkv"
	"github.com/sihai-network/sihai/store/kv"
)

// Decisions appended on disk, durably, in lists of 256, and beside them blocks of as many bytes without lookups: the CPU of the whole process, memory tables, flushes and
// compactions included, and the bytes on disk at the end.
func BenchmarkAppendDecisions(b *testing.B) {
	random := rand.New(rand.NewPCG(40, 41))
	b.Run("decisions", func(b *testing.B) {
		dir := b.TempDir()
		db, err := openDir(badgerkv.Options{Dir: dir})
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		before := processCPU()
		for b.Loop() {
			list := make([]*engine.Decision, 256)
			for i := range list {
				list[i] = benchDecision(random, n)
				n++
			}
			if err := db.AppendDecisions(b.Context(), list); err != nil {
				b.Fatal(err)
			}
		}
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
		tell(b, "decision", n, processCPU()-before, dir)
	})
	b.Run("blocks=128KiB", func(b *testing.B) {
		dir := b.TempDir()
		e, err := badgerkv.Open(badgerkv.Options{Dir: dir})
		if err != nil {
			b.Fatal(err)
		}
		block := make([]byte, 128<<10)
		for i := range block {
			block[i] = byte(random.IntN(1 << random.IntN(8)))
		}
		n := 0
		before := processCPU()
		for b.Loop() {
			n += 16
			err := e.Update(b.Context(), "decisions", nil, func(tx kv.Tx) error {
				for range 16 {
					if _, err := tx.AppendBlock("decisions", time.UnixMilli(int64(n)), block); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		}
		if err := e.Close(); err != nil {
			b.Fatal(err)
		}
		tell(b, "block", n, processCPU()-before, dir)
	})
}

func tell(b *testing.B, what string, n int, cpu time.Duration, dir string) {
	var bytes int64
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if s, ok := info.Sys().(*syscall.Stat_t); ok {
			bytes += s.Blocks * 512 // value logs have holes while they are open
		}
		return nil
	})
	b.ReportMetric(float64(cpu.Nanoseconds())/1e3/float64(n), "cpu-µs/"+what)
	b.ReportMetric(float64(bytes)/float64(n), "disk-B/"+what)
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), what+"s/s")
}

func processCPU() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// benchDecision is a decision of twelve offers as a mall gives them.
func benchDecision(random *rand.Rand, n int) *engine.Decision {
	offers := make([]engine.Offer, 12)
	for i := range offers {
		id := random.IntN(100_000)
		features := make([]float64, 16)
		for k := range features {
			features[k] = random.Float64()
		}
		offers[i] = engine.Offer{
			Creative: &engine.Creative{
				ID: fmt.Sprintf("c-%d.v-%d", id, id/2), CampaignID: fmt.Sprintf("c-%d", id), MerchantID: fmt.Sprintf("m-%d", id%1000),
				Title: "15% off everything today",
			},
			Position: i + 1, Score: random.Float64(), Propensity: 1, Features: features, Match: engine.MatchFence,
		}
	}
	return &engine.Decision{
		ID: fmt.Sprintf("d-%012d-%08x", n, random.Uint32()), Request: new(engine.Request), Placements: []engine.Placement{{ID: "home", Offers: offers}},
	}
}
