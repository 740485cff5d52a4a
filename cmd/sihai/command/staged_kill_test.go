package command_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine/client"
	"github.com/sihai-network/sihai/engine/wire"
)

// The server is killed again and again around the moment at which staged changes go live, while another key approves changes that wait. After each new start every
// change of a moment is made, once and whole; an approval that was answered holds, and one that was not is there whole or not at all.
func TestKilledWhileChangesGoLive(t *testing.T) {
	kills := 3
	if os.Getenv("SIHAI_LONG") == "1" {
		kills = 100
	}
	k := &changing{killing: killing{dir: t.TempDir(), moments: rand.New(rand.NewPCG(2026, 1126))}, want: map[string][]string{}, made: map[string]string{}}
	p := k.start(t)
	k.furnish(t, p.client)
	for k.kills < kills {
		p = k.round(t, p)
	}
	k.checkAll(t, p.client)
	t.Logf("%d kills; of staged changes %d were made before one and %d after it; of approvals %d were answered, and of the others %d are there whole and %d are absent",
		k.kills, k.before, k.after, k.answered, k.whole, k.absent)
	if kills > 3 && (k.before == 0 || k.after == 0) {
		t.Error("no kill came among its changes")
	}
	k.kill(t, p.cmd)
}

// changing is killing with what is known of changes.
type changing struct {
	killing
	asker, approver string              // secrets of two keys of the merchant
	want            map[string][]string // the versions that each campaign has, oldest first
	made            map[string]string   // what each change made, by its ID

	staging                 time.Duration // how long it took in the last round
	before, after, answered int
}

// How many campaigns there are of those whose changes are staged, and of those whose changes wait for an approval.
const staged, gated = 8, 6

func (k *changing) furnish(t *testing.T, c *client.Client) {
	t.Helper()
	ctx := t.Context()
	_, err := c.PutMerchant(ctx, wire.Merchant{ID: "m", Name: wire.Text{"en": "M"}, Approval: "second_key"})
	if err == nil {
		_, err = c.PutVenue(ctx, wire.Venue{ID: "v", MerchantID: "m", Name: wire.Text{"en": "V"}, Lat: 25.79, Lon: -80.13, TimeZone: "UTC"})
	}
	for _, secret := range []*string{&k.asker, &k.approver} {
		key, failed := c.CreateKey(ctx, wire.Key{Role: "merchant", MerchantID: "m"})
		*secret, err = key.Secret, errors.Join(err, failed)
	}
	for _, id := range append(named("staged", staged), named("gated", gated)...) {
		_, failed := c.PutCampaign(ctx, variant(id, 0))
		k.want[id], err = []string{look(variant(id, 0))}, errors.Join(err, failed)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func named(kind string, n int) (ids []string) {
	for i := range n {
		ids = append(ids, fmt.Sprint(kind, "-", i))
	}
	return ids
}

// variant is a campaign of which every part tells its number.
func variant(id string, n int) wire.Campaign {
	percent := float64(1 + n%90)
	return wire.Campaign{
		ID: id, MerchantID: "m", Title: wire.Text{"en": fmt.Sprint("Offer ", n)}, Description: wire.Text{"en": strings.Repeat(fmt.Sprint(n, " "), 100)}, Status: "enabled",
		Discount: wire.Discount{Type: "percent", Percent: &percent}, Venues: wire.VenueSet{IDs: []string{"v"}},
	}
}

// look writes what a campaign says.
func look(c wire.Campaign) string {
	return fmt.Sprint(c.Title["en"], "; ", *c.Discount.Percent, "; ", c.Description["en"])
}

// round stages changes, kills the server around their moment and while changes are approved, and checks what a new one has.
func (k *changing) round(t *testing.T, p process) process {
	t.Helper()
	n := k.kills + 1
	waiting := k.ask(t, p, n)
	at := time.Now().Add(400*time.Millisecond + 2*k.staging)
	begun := time.Now()
	var scheduled []string
	for _, id := range named("staged", staged) {
		next := variant(id, n)
		change, err := p.client.StageChange(t.Context(), "m", id, wire.Change{LiveAt: at.Format(time.RFC3339Nano), Campaign: &next})
		if err != nil {
			t.Fatal(err)
		}
		scheduled = append(scheduled, change.ID)
		k.expect(id, change.ID, next)
	}
	k.staging = time.Since(begun)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	approved := make(map[string]bool)
	var approving sync.WaitGroup
	approving.Go(func() {
		approver := client.New(p.url, k.approver, &http.Client{Transport: &http.Transport{}})
		time.Sleep(time.Until(at)) // not to wait for anything: so that it is cut off by the kill
		for _, id := range waiting {
			c, err := approver.SettleChange(ctx, "m", id, "approve", "")
			if err != nil {
				return
			}
			approved[id] = c.State == "made"
		}
	})
	k.await(t, p.client, at, scheduled)
	killed := time.Now()
	k.kill(t, p.cmd)
	approving.Wait()

	p = k.start(t)
	for _, id := range scheduled {
		if c := settled(t, p.client, id); c.State != "made" {
			t.Fatalf("after %d kills change %s is %s: %+v", k.kills, id, c.State, c.Errors)
		} else if made, err := time.Parse(time.RFC3339Nano, c.MadeAt); err != nil {
			t.Fatal(err)
		} else if made.Before(killed) {
			k.before++
		} else {
			k.after++
		}
	}
	for _, id := range waiting {
		k.approve(t, p, id, approved)
	}
	k.checkAll(t, p.client)
	return p
}

// ask asks for changes that wait for an approval, and returns them.
func (k *changing) ask(t *testing.T, p process, n int) (waiting []string) {
	t.Helper()
	asker := client.New(p.url, k.asker, &http.Client{Transport: &http.Transport{}})
	for _, id := range named("gated", gated) {
		var pending *client.Pending
		if _, err := asker.PutCampaign(t.Context(), variant(id, n)); !errors.As(err, &pending) {
			t.Fatalf("a change that waits is answered by %v", err)
		}
		waiting = append(waiting, pending.Change.ID)
		k.expect(id, pending.Change.ID, variant(id, n))
	}
	return waiting
}

func (k *changing) expect(campaign, change string, next wire.Campaign) {
	k.want[campaign] = append(k.want[campaign], look(next))
	k.made[change] = look(next)
}

// await waits until just before the moment, or until some of the changes are made, which the scheduler does in their order.
func (k *changing) await(t *testing.T, c *client.Client, at time.Time, scheduled []string) {
	t.Helper()
	early := time.Duration(k.moments.IntN(10)) * time.Millisecond
	time.Sleep(time.Until(at.Add(-early)))
	if n := k.moments.IntN(staged+1) - 2; n >= 0 {
		settled(t, c, scheduled[n])
	}
}

// settled waits for a change whose moment may still be ahead.
func settled(t *testing.T, c *client.Client, id string) wire.Change {
	t.Helper()
	for until := time.Now().Add(patience); time.Now().Before(until); time.Sleep(5 * time.Millisecond) {
		change, err := c.Change(t.Context(), "m", id)
		if err != nil {
			t.Fatalf("an acknowledged change is gone: %v", err)
		}
		if change.State != "scheduled" {
			return change
		}
	}
	t.Fatalf("change %s is not made", id)
	return wire.Change{}
}

// approve holds a change that waited against what its approval was answered, and approves it where that is not there.
func (k *changing) approve(t *testing.T, p process, id string, answered map[string]bool) {
	t.Helper()
	c, err := p.client.Change(t.Context(), "m", id)
	if err != nil {
		t.Fatal(err)
	}
	approver := client.New(p.url, k.approver, &http.Client{Transport: &http.Transport{}})
	again, err := approver.SettleChange(t.Context(), "m", id, "approve", "")
	var refused *client.Problem
	switch {
	case answered[id]:
		k.answered++
		if c.State != "made" || !errors.As(err, &refused) || refused.Status != http.StatusConflict {
			t.Fatalf("after %d kills an approval that was answered is %s, and once more: %v", k.kills, c.State, err)
		}
	case c.State == "made":
		k.whole++
		if !errors.As(err, &refused) || refused.Status != http.StatusConflict {
			t.Fatalf("after %d kills a change is approved twice: %v", k.kills, err)
		}
	case c.State == "pending":
		k.absent++
		if err != nil || again.State != "made" {
			t.Fatalf("after %d kills a change that waits is not to be approved: %v", k.kills, err)
		}
	default:
		t.Fatalf("after %d kills a change that waits is %s", k.kills, c.State)
	}
}

// checkAll reads every version of every campaign, and which change the audit log says made it.
func (k *changing) checkAll(t *testing.T, c *client.Client) {
	t.Helper()
	for id, want := range k.want {
		versions := allOf(t, func(p client.Page) (wire.List[wire.Revision], error) { return c.Revisions(t.Context(), "m", id, p) })
		if len(versions) != len(want) {
			t.Fatalf("after %d kills %s has %d versions, want %d", k.kills, id, len(versions), len(want))
		}
		for i, v := range versions {
			if n := len(want) - 1 - i; int(v.Version) != n+1 || look(v.Campaign) != want[n] {
				t.Fatalf("after %d kills version %d of %s is %s, want %s", k.kills, v.Version, id, look(v.Campaign), want[n])
			}
		}
		now, err := c.Campaign(t.Context(), "m", id)
		if err != nil || look(now) != want[len(want)-1] {
			t.Fatalf("after %d kills %s is %s: %v", k.kills, id, look(now), err)
		}
	}
	told := make(map[string]int)
	for _, e := range allOf(t, func(p client.Page) (wire.List[wire.AuditEntry], error) { return c.AuditEntries(t.Context(), "m", p) }) {
		if _, change, ok := strings.Cut(e.Detail, "change "); ok && e.Kind == "campaign" {
			told[change]++
			if n := int(e.VersionTo); n < 1 || n > len(k.want[e.ID]) || k.want[e.ID][n-1] != k.made[change] {
				t.Fatalf("after %d kills the audit log says that change %s made version %d of %s", k.kills, change, e.VersionTo, e.ID)
			}
		}
	}
	for change := range k.made {
		if told[change] != 1 {
			t.Fatalf("after %d kills the audit log tells %d times of change %s", k.kills, told[change], change)
		}
	}
}
