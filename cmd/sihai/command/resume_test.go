package command_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine/client"
	"github.com/sihai-network/sihai/engine/wire"
)

// The server is killed again and again while it reads a large file that it has acknowledged. After each new start the import goes on, and in the end its report and
// what it left are those of an import that nobody disturbed, faulty rows and all.
func TestKilledImportGoesOn(t *testing.T) {
	kills, rows := 3, 11_000
	if os.Getenv("SIHAI_LONG") == "1" {
		kills, rows = 100, 20_000
	}
	k := &killing{dir: t.TempDir(), moments: rand.New(rand.NewPCG(2026, 12)), kept: map[string]int{}, tried: map[string][]int{}}
	calm := &killing{dir: t.TempDir()}
	quiet := calm.start(t)
	disturbed := k.start(t)
	makeMerchant(t, quiet.client)
	makeMerchant(t, disturbed.client)
	longest, resumed := time.Duration(0), 0
	for round := 0; k.kills < kills; round++ {
		feed := largeFeed(round, rows)
		begun := time.Now()
		want := followed(t, quiet.client, submitted(t, quiet.client, feed))
		longest = max(longest, time.Since(begun))
		report := submitted(t, disturbed.client, feed)
		for n := 0; n < 10 && k.kills < kills; n++ {
			time.Sleep(time.Duration(k.moments.Int64N(int64(longest)/2 + 1)))
			k.kill(t, disturbed.cmd)
			disturbed = k.start(t)
			now, err := disturbed.client.ImportReport(t.Context(), "bulk", report.ID)
			if err != nil {
				t.Fatalf("after %d kills an acknowledged import is gone: %v", k.kills, err)
			}
			if now.State == "done" {
				break
			}
			if now.Rows > 0 {
				resumed++
			}
		}
		got := followed(t, disturbed.client, report)
		if sameReport(&got, &want); !reflect.DeepEqual(got, want) {
			t.Fatalf("after %d kills the report is\n%+v\nand undisturbed\n%+v", k.kills, got, want)
		}
		if there, calmly := venuesOf(t, disturbed.client), venuesOf(t, quiet.client); there != calmly {
			t.Fatalf("after %d kills the venues are not those of an import that nobody disturbed", k.kills)
		}
		t.Logf("%d kills, %d of them behind the first rows that were kept; an undisturbed import takes %v", k.kills, resumed, longest)
		if left, err := os.ReadDir(filepath.Join(k.dir, "uploads")); err != nil || len(left) > 0 {
			eventuallyEmpty(t, filepath.Join(k.dir, "uploads"))
		}
	}
	k.kill(t, disturbed.cmd)
	calm.kill(t, quiet.cmd)
}

func makeMerchant(t *testing.T, c *client.Client) {
	t.Helper()
	if _, err := c.PutMerchant(t.Context(), wire.Merchant{ID: "bulk", Name: wire.Text{"en": "Bulk"}}); err != nil {
		t.Fatal(err)
	}
}

// largeFeed is a feed of venues in which each row tells its round; every hundredth is faulty, and some are there twice.
func largeFeed(round, rows int) string {
	var s strings.Builder
	s.WriteString("id,name,lat,lon,chain,time_zone\n")
	for i := range rows {
		lat := fmt.Sprintf("25.%05d", i)
		id := fmt.Sprintf("v-%d", i)
		switch {
		case i%100 == 50:
			lat = "125"
		case i%1000 == 7:
			id = "v-0"
		}
		fmt.Fprintf(&s, "%s,Venue %d,%s,-80.1,round-%d,America/New_York\n", id, i, lat, round)
	}
	return s.String()
}

func submitted(t *testing.T, c *client.Client, feed string) wire.Import {
	t.Helper()
	report, err := c.Import(t.Context(), client.Upload{Merchant: "bulk", Kind: "venues", Format: "csv", Partial: true, Async: true}, strings.NewReader(feed))
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// followed waits for the end of an import, as long as that goes on.
func followed(t *testing.T, c *client.Client, report wire.Import) wire.Import {
	t.Helper()
	rows := -1
	for until := time.Now().Add(patience); time.Now().Before(until); time.Sleep(5 * time.Millisecond) {
		now, err := c.ImportReport(t.Context(), "bulk", report.ID)
		if err != nil {
			t.Fatal(err)
		}
		if now.Rows != rows {
			rows, until = now.Rows, time.Now().Add(2*patience)
		}
		if now.State == "done" || now.State == "failed" {
			return now
		}
	}
	t.Fatalf("import %s does not end", report.ID)
	return report
}

// sameReport takes out what two imports of one file may differ in.
func sameReport(reports ...*wire.Import) {
	for _, r := range reports {
		r.ID, r.StartedAt, r.FinishedAt, r.By = "", "", "", ""
	}
}

// venuesOf writes all venues without what the store says of them.
func venuesOf(t *testing.T, c *client.Client) string {
	t.Helper()
	var s strings.Builder
	for _, v := range allOf(t, func(p client.Page) (wire.List[wire.Venue], error) { return c.Venues(t.Context(), "bulk", p) }) {
		fmt.Fprintln(&s, v.ID, v.Name, v.Lat, v.Lon, v.Chain, v.Version)
	}
	return s.String()
}

// eventuallyEmpty waits until the files of imports that have ended are gone.
func eventuallyEmpty(t *testing.T, dir string) {
	t.Helper()
	for until := time.Now().Add(patience); time.Now().Before(until); time.Sleep(5 * time.Millisecond) {
		if left, err := os.ReadDir(dir); err == nil && len(left) == 0 {
			return
		}
	}
	t.Errorf("files of imports that have ended are left in %s", dir)
}
