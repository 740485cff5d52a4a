package command_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"
)

// tillRounds is how many kills the account of one merchant goes through: after that its budget is spent and hardly anything else happens.
const tillRounds = 4

// The program is killed while tills reserve, confirm, release, redeem and roll back. After each new start everything that was acknowledged is there as it was
// acknowledged, what had no answer is asked again with the same key and happens once, no budget is passed, and the ledger agrees with its movements.
func TestKilledProgramKeepsItsLedger(t *testing.T) {
	rounds := 6
	if os.Getenv("SIHAI_LONG") == "1" {
		rounds = 1000
	}
	const seed = 2026
	k := &killing{dir: t.TempDir(), files: t.TempDir(), moments: rand.New(rand.NewPCG(seed, 12))}
	var all []*tills
	for round := range rounds {
		p := k.start(t)
		for _, l := range all[max(0, len(all)-2):] {
			l.check(t, p.client)
		}
		if round%tillRounds == 0 {
			all = append(all, newTills(fmt.Sprint("till-", len(all))))
			if err := sellFew(t.Context(), p.client, all[len(all)-1].merchant); err != nil {
				t.Fatal(err)
			}
		}
		l := all[len(all)-1]
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for n := range 4 {
			wg.Go(func() {
				l.trade(ctx, p.client, rand.New(rand.NewPCG(seed, uint64(round*10+n))), fmt.Sprintf("r%d-t%d", round, n))
			})
		}
		time.Sleep(time.Duration(20+k.moments.IntN(400)) * time.Millisecond)
		k.kill(t, p.cmd)
		cancel()
		wg.Wait()
	}
	p := k.start(t)
	var sum tillCounts
	for _, l := range all {
		l.check(t, p.client)
		l.outlive(t, p.client)
		sum.add(l.tillCounts)
	}
	a := agrees(t, p.client, "")
	t.Logf("seed %d: %d kills, %s; %d movements", seed, k.kills, &sum, a.Movements)
	if sum.acknowledged == 0 {
		t.Error("nothing was acknowledged")
	}
}
