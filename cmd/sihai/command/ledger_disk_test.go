package command_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sihai-network/sihai/engine/client"
	"github.com/sihai-network/sihai/engine/wire"
)

// The disk of the trial, and what its server keeps free of it.
const (
	diskBytes = 48 << 20
	keptBytes = 12 << 20
)

// The program serves on a small disk until that is full, by its own writes and then to the last byte by another's. Every step is answered: done, or refused with a
// problem that says why; decisions are made all the time. Once there is room it goes on by itself, with all that it acknowledged. Killed on the full disk it does not start,
// and says why, until there is room; then nothing is lost.
func TestFullDiskKeepsTheLedger(t *testing.T) {
	disk, here := smallDisk(t, diskBytes)
	if !here {
		return
	}
	t.Setenv("SIHAI_STORE_KEEP_FREE", fmt.Sprint(keptBytes))
	k := &killing{dir: filepath.Join(disk, "data"), moments: rand.New(rand.NewPCG(2026, 13))}
	p := k.start(t)
	full := &fullDisk{file: filepath.Join(disk, "another's")}
	var all []*tills
	sell := func() *tills {
		l := newTills(fmt.Sprint("till-", len(all)))
		if err := sellFew(t.Context(), p.client, l.merchant); err != nil {
			t.Fatal(err)
		}
		all = append(all, l)
		return l
	}

	l := sell()
	full.grow(t, freeOf(t, disk)-keptBytes-200<<10) // the program's own writes take the rest
	l.tradeUntilFull(t, p.client)
	full.grow(t, freeOf(t, disk)) // and nothing is left
	for range 20 {
		decides(t, p.client)
		if _, err := p.client.Redeem(t.Context(), tillOrder(l.merchant, "u", 1000)); !isDiskFull(err) {
			t.Fatalf("a step on a full disk: %v", err)
		}
	}
	for id, was := range l.known { // what is there can be read
		if now, err := p.client.Redemption(t.Context(), id); err != nil || now.Discount != was.Discount {
			t.Fatalf("%+v, %v of %+v", now, err, was)
		}
	}
	full.give(t)
	l.check(t, p.client)
	l = sell()
	if _, ok := l.step(t.Context(), p.client, "after", func(ctx context.Context, c *client.Client) (wire.Redemption, error) {
		return c.Redeem(ctx, tillOrder(l.merchant, "u", 1000))
	}); !ok {
		t.Fatal("it does not go on once there is room")
	}

	// killed while it is full
	full.grow(t, freeOf(t, disk)-keptBytes-200<<10)
	l.tradeUntilFull(t, p.client)
	full.grow(t, freeOf(t, disk))
	k.kill(t, p.cmd)
	told := new(lines)
	cmd := k.command(t, told, "serve", "--listen", "127.0.0.1:0")
	if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() != 1 || !strings.Contains(told.String(), "the disk is full") {
		t.Errorf("a start on a full disk: %v\n%s", err, told.String())
	}
	full.give(t)
	p = k.start(t)
	var sum tillCounts
	for _, l := range all {
		l.check(t, p.client)
		l.outlive(t, p.client)
		sum.add(l.tillCounts)
	}
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("the last end: %v\n%s", err, p.told.String())
	}
	verified := k.command(t, told, "ledger", "verify")
	if err := verified.Wait(); err != nil {
		t.Errorf("ledger verify: %v\n%s", err, told.String())
	}
	t.Logf("the disk was full twice: %s", &sum)
}

// fullDisk is what another program keeps on the same disk.
type fullDisk struct{ file string }

// grow takes so many bytes more, and fewer where there are fewer.
func (f *fullDisk) grow(t *testing.T, n int64) {
	t.Helper()
	file, err := os.OpenFile(f.file, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	chunk := bytes.Repeat([]byte("x"), 64<<10)
	for n > 0 {
		wrote, err := file.Write(chunk[:min(n, int64(len(chunk)))])
		n -= int64(wrote)
		if err != nil {
			break // no space left on device
		}
	}
	_ = file.Close()
}

// give gives all of it back.
func (f *fullDisk) give(t *testing.T) {
	t.Helper()
	if err := os.Remove(f.file); err != nil {
		t.Fatal(err)
	}
}

// isDiskFull reports whether a step was refused for want of room on the disk, as a problem.
func isDiskFull(err error) bool {
	var p *client.Problem
	return errors.As(err, &p) && p.Status == http.StatusInsufficientStorage && p.Code == "disk_full"
}

// tradeUntilFull sells from four tills until the disk is full, while decisions are asked for. The disk is all that stops a till.
func (l *tills) tradeUntilFull(t *testing.T, c *client.Client) {
	t.Helper()
	before := len(l.stopped)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var open atomic.Int64
	var wg sync.WaitGroup
	for n := range 4 {
		open.Add(1)
		wg.Go(func() {
			defer open.Add(-1)
			l.trade(ctx, c, rand.New(rand.NewPCG(2026, uint64(before+n))), fmt.Sprintf("%s-%d", l.merchant, before+n))
		})
	}
	for open.Load() > 0 {
		decides(t, c)
	}
	wg.Wait()
	for _, err := range l.stopped[before:] {
		if !isDiskFull(err) {
			t.Fatalf("a till stopped: %v", err)
		}
	}
}

// decides asks for offers, which never waits for the disk.
func decides(t *testing.T, c *client.Client) {
	t.Helper()
	if _, err := c.Decide(t.Context(), wire.Request{
		Location: &wire.Location{Lat: 25.79, Lon: -80.13}, Placements: []wire.PlacementRequest{{ID: "home", Count: 1}},
	}); err != nil {
		t.Fatalf("a decision: %v", err)
	}
}
