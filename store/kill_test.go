package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store"
	"github.com/sihai-network/sihai/store/badgerkv"
)

// The child of the kill test is this test binary, told by a variable in which folder to write.
const (
	childDir   = "SIHAI_STORE_CHILD"
	childRound = "SIHAI_STORE_ROUND"
	killRows   = 1500
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		fmt.Println("error", writeUntilKilled(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// What was acknowledged before a kill -9 is there after it, and imports are whole or absent. The store goes through all kills one after the other.
func TestKilledStoreKeepsWhatItAcknowledged(t *testing.T) {
	kills := 5
	if os.Getenv("SIHAI_LONG") == "1" {
		kills = 200
	}
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(9, 9))
	seen := acknowledged{venues: make(map[string]uint64)}
	for round := range kills {
		seen.runChild(t, dir, round, time.Duration(r.IntN(300))*time.Millisecond)
		seen.check(t, dir)
	}
	t.Logf("%d kills: %d venue writes, import %d and %d decisions were acknowledged", kills, seen.writes, seen.imported, len(seen.decisions))
}

// acknowledged is what the children said was done.
type acknowledged struct {
	venues    map[string]uint64 // newest version by ID
	writes    int
	imported  int // number of the newest import
	decisions []string
}

// runChild lets a child write for a while after its first word, and kills it.
func (a *acknowledged) runChild(t *testing.T, dir string, round int, while time.Duration) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childDir+"="+dir, childRound+"="+strconv.Itoa(round))
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for first := true; lines.Scan(); first = false {
		if first {
			time.AfterFunc(while, func() { _ = child.Process.Kill() })
		}
		a.note(t, lines.Text())
	}
	if err := child.Wait(); err == nil {
		t.Fatal("the child ended by itself")
	}
}

func (a *acknowledged) note(t *testing.T, line string) {
	t.Helper()
	words := strings.Fields(line)
	switch {
	case len(words) == 1 && words[0] == "open":
	case len(words) == 3 && words[0] == "venue":
		version, err := strconv.ParseUint(words[2], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		a.venues[words[1]] = version
		a.writes++
	case len(words) == 2 && words[0] == "import":
		n, err := strconv.Atoi(words[1])
		if err != nil {
			t.Fatal(err)
		}
		a.imported = n
	case len(words) == 2 && words[0] == "decision":
		a.decisions = append(a.decisions, words[1])
	default:
		t.Fatalf("the child says %q", line)
	}
}

// check opens the store as the next start of a program does.
func (a *acknowledged) check(t *testing.T, dir string) {
	t.Helper()
	ctx := t.Context()
	db, err := openDir(badgerkv.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}()
	for id, version := range a.venues {
		v, err := db.Venue(ctx, "single", id)
		if err != nil || v.Meta.Version < version {
			t.Fatalf("venue %s was acknowledged in version %d and is in version %d, %v", id, version, v.Meta.Version, err)
		}
	}
	for _, id := range a.decisions {
		if _, err := db.Decision(ctx, id); err != nil {
			t.Fatalf("a decision that was acknowledged: %v", err)
		}
	}
	a.checkImports(t, db)
	checkFeed(t, db)
}

func (a *acknowledged) checkImports(t *testing.T, db *store.DB) {
	t.Helper()
	page, _, err := db.ListVenues(t.Context(), "bulk", engine.Page{Limit: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	if len(page) == 0 && a.imported == 0 {
		return
	}
	if len(page) != killRows {
		t.Fatalf("%d venues of an import of %d are there", len(page), killRows)
	}
	for _, v := range page {
		if v.Chain != page[0].Chain {
			t.Fatalf("a part of %s and a part of %s are there", page[0].Chain, v.Chain)
		}
	}
	n, err := strconv.Atoi(strings.TrimPrefix(page[0].Chain, "import-"))
	if err != nil || n < a.imported {
		t.Fatalf("import %d was acknowledged, %s is there", a.imported, page[0].Chain)
	}
	imports, _, err := db.ListImports(t.Context(), "bulk", engine.Page{Limit: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range imports {
		if i.State != engine.ImportDone && i.State != engine.ImportFailed {
			t.Fatalf("import %s is %s after a start", i.ID, i.State)
		}
	}
}

// checkFeed checks that the changes of each import stand together and end.
func checkFeed(t *testing.T, db *store.DB) {
	t.Helper()
	open, after := "", uint64(0)
	for {
		changes, err := db.Changes(t.Context(), after, 10_000)
		if err != nil {
			t.Fatal(err)
		}
		if len(changes) == 0 {
			break
		}
		for _, c := range changes {
			if open != "" && c.ImportID != open {
				t.Fatalf("change %d of %q stands within import %s", c.Seq, c.ImportID, open)
			}
			open = ""
			if c.More {
				open = c.ImportID
			}
			after = c.Seq
		}
	}
	if open != "" {
		t.Fatalf("import %s was told in part", open)
	}
}

// writeUntilKilled is the child: single writes and imports by turns, each told once it is acknowledged.
func writeUntilKilled(dir string) error {
	ctx := context.Background()
	db, err := openDir(badgerkv.Options{Dir: dir})
	if err != nil {
		return err
	}
	round, err := strconv.Atoi(os.Getenv(childRound))
	if err != nil {
		return err
	}
	w := engine.Write{At: time.Now(), By: "cli"}
	for _, m := range []string{"single", "bulk"} {
		if _, err := db.PutMerchant(ctx, w, engine.Merchant{ID: m}); err != nil {
			return err
		}
	}
	fmt.Println("open")
	errs := make(chan error)
	go func() { errs <- writeSingles(ctx, db, w, round) }()
	go func() { errs <- writeImports(ctx, db, w, round) }()
	return errors.Join(<-errs, <-errs)
}

func writeSingles(ctx context.Context, db *store.DB, w engine.Write, round int) error {
	for i := 0; ; i++ {
		v, err := db.PutVenue(ctx, w, engine.Venue{MerchantID: "single", ID: fmt.Sprint("v-", i%50)})
		if err != nil {
			return err
		}
		fmt.Println("venue", v.ID, v.Meta.Version)
		d := &engine.Decision{ID: fmt.Sprintf("d-%d-%d", round, i), Time: w.At}
		if err := db.AppendDecisions(ctx, []*engine.Decision{d}); err != nil {
			return err
		}
		fmt.Println("decision", d.ID)
	}
}

func writeImports(ctx context.Context, db *store.DB, w engine.Write, round int) error {
	for i := 0; ; i++ {
		n := round*1_000_000 + i + 1
		id := engine.ImportID{MerchantID: "bulk", ID: fmt.Sprint("i-", n)}
		if _, err := importVenues(ctx, db, w, id, killRows, fmt.Sprint("import-", n)); err != nil {
			return err
		}
		fmt.Println("import", n)
	}
}
