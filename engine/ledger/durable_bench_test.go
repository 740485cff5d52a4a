package ledger_test

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/dgraph-io/badger/v4"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/ledger"
	"github.com/sihai-network/sihai/store"
	"github.com/sihai-network/sihai/store/badgerkv"
	"github.com/sihai-network/sihai/store/kv"
)

// benchClients is how many tills sell at the same time; benchGroup how many updates one sync of the disk takes at most, as in package badgerkv.
const (
	benchClients = 256
	benchGroup   = 64
)

// counting counts what updates write.
type counting struct {
	kv.Engine
	updates atomic.Int64
	sizes   atomic.Pointer[[][2]int] // of keys and values of the last update
}

func (c *counting) Update(ctx context.Context, p kv.Part, guard []byte, fn func(kv.Tx) error) error {
	c.updates.Add(1)
	var sizes [][2]int
	err := c.Engine.Update(ctx, p, guard, func(tx kv.Tx) error {
		sizes = nil
		return fn(countingTx{tx, &sizes, len(p) + 4})
	})
	c.sizes.Store(&sizes)
	return err
}

type countingTx struct {
	kv.Tx
	sizes  *[][2]int
	prefix int
}

func (t countingTx) Put(key, value []byte) error {
	*t.sizes = append(*t.sizes, [2]int{t.prefix + len(key), len(value)})
	return t.Tx.Put(key, value)
}

// BenchmarkDurableRedemptions sells from many tills at once, each sale with an idempotency key and on disk when it is answered, and beside it writes the same
// bytes with nothing but Badger, 64 sales a transaction. A campaign has four limits.
func BenchmarkDurableRedemptions(b *testing.B) {
	for _, campaigns := range []int{1, 1000} {
		b.Run(fmt.Sprintf("campaigns=%d", campaigns), func(b *testing.B) {
			var list []engine.Campaign
			for i := range campaigns {
				list = append(list, engine.Campaign{ID: fmt.Sprintf("c%04d", i), Budgets: []engine.Budget{
					count(1<<40, engine.PerCampaign, engine.PeriodTotal), spend(1<<40, "USD", engine.PerCampaign, engine.PeriodDay),
					spend(1<<40, "EUR", engine.PerVenue, engine.PeriodMonth), count(1<<40, engine.PerUser, engine.PeriodTotal),
				}})
			}
			s := &shop{t: b, clock: new(atomic.Int64)}
			s.sell(list...)
			files, err := badgerkv.Open(badgerkv.Options{Dir: b.TempDir()})
			if err != nil {
				b.Fatal(err)
			}
			counted := &counting{Engine: files}
			db, err := store.Open(b.Context(), counted, store.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = db.Close() }()
			s.store, s.meter = db, ledger.NewMeter(zones{})
			s.Book, err = ledger.OpenBook(b.Context(), ledger.BookOptions{Accounts: db, Purchases: db, Snapshots: &s.offer, Rules: &s.offer, Decisions: &s.offer,
				Meter: s.meter, IDs: engine.IDs{Random: rand.Reader}, Now: s.now, SweepEvery: -1})
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			for i := range campaigns {
				s.redeem(order(list[i].ID, "u", 1000)) // the accounts are there
			}

			var sold atomic.Int64
			took := make([][]time.Duration, benchClients)
			b.ResetTimer()
			begin, worked := time.Now(), cpu(b)
			var wg sync.WaitGroup
			for client := range benchClients {
				wg.Go(func() {
					for {
						n := sold.Add(1)
						if n > int64(b.N) {
							return
						}
						at := time.Now()
						w := s.once(fmt.Sprintf("key-%d-%d", client, n), 1)
						o := order(list[int(n)%campaigns].ID, fmt.Sprint("u", n%5000), 1000)
						if n%2 == 0 {
							_, err = s.Redeem(context.Background(), w, o)
						} else {
							_, err = s.Reserve(context.Background(), w, o)
							took[client] = append(took[client], time.Since(at))
						}
						if err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			rate := float64(b.N) / time.Since(begin).Seconds()
			b.StopTimer()
			own := cpu(b) - worked

			sizes := *counted.sizes.Load()
			all := slices.Concat(took...)
			slices.Sort(all)
			worked = cpu(b)
			ceiling := badgerAlone(b, sizes, max(b.N, 20*benchGroup))
			alone := cpu(b) - worked
			bytes := 0
			for _, s := range sizes {
				bytes += s[0] + s[1]
			}
			b.ReportMetric(rate, "sales/s")
			b.ReportMetric(ceiling, "badger/s")
			b.ReportMetric(rate/ceiling, "of-badger")
			b.ReportMetric(own.Seconds()*1e6/float64(b.N), "cpu-µs/sale")
			b.ReportMetric(alone.Seconds()*1e6/float64(max(b.N, 20*benchGroup)), "badger-cpu-µs/sale")
			b.ReportMetric(float64(bytes), "bytes/sale")
			if len(all) > 0 {
				b.ReportMetric(float64(all[len(all)/2].Microseconds())/1e3, "p50-ms")
				b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1e3, "p99-ms")
			}
		})
	}
}

// cpu returns the time that this process has had of processors.
func cpu(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// badgerAlone writes pairs of some sizes n times, benchGroup times in a transaction, each synced, and returns how often a second. It has the options of badgerkv.
func badgerAlone(b *testing.B, sizes [][2]int, n int) float64 {
	b.Helper()
	db, err := badger.Open(badger.DefaultOptions(b.TempDir()).WithSyncWrites(true).WithDetectConflicts(false).WithMetricsEnabled(false).WithMemTableSize(64 << 20).
		WithNumMemtables(2).WithBlockCacheSize(64 << 20).WithNumCompactors(2).WithNumGoroutines(2).WithLogger(nil))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	value := make([]byte, 4096)
	_, _ = rand.Read(value)
	begin := time.Now()
	for done := 0; done < n; done += benchGroup {
		txn := db.NewTransaction(true)
		for i := range min(benchGroup, n-done) {
			for j, size := range sizes {
				key := make([]byte, size[0])
				key[0] = byte(j)
				binary.BigEndian.PutUint64(key[1:], uint64(done+i))
				if err := txn.Set(key, slices.Clone(value[:size[1]])); err != nil {
					b.Fatal(err)
				}
			}
		}
		if err := txn.Commit(); err != nil {
			b.Fatal(err)
		}
	}
	return float64(n) / time.Since(begin).Seconds()
}

// BenchmarkCheckTakings asks for the limits of a campaign that sells, as a decision does for each candidate.
func BenchmarkCheckTakings(b *testing.B) {
	s := newShop(b, "", engine.Campaign{ID: "a", Budgets: []engine.Budget{
		count(1<<40, engine.PerCampaign, engine.PeriodTotal), spend(1<<40, "USD", engine.PerCampaign, engine.PeriodDay), count(1<<40, engine.PerUser, engine.PeriodTotal),
	}})
	for range 100 {
		s.redeem(order("a", "u", 1000))
		s.pass(7 * time.Hour)
	}
	l, site := s.listing("a")
	now := s.now()
	var reasons []engine.Reason
	b.ReportAllocs()
	for b.Loop() {
		reasons = s.meter.Check(reasons[:0], l, site, "u", now)
	}
}
