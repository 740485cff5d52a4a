package command_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine/client"
	"github.com/sihai-network/sihai/engine/wire"
)

// tortureRows is how many rows each upload has. They take several transactions.
const tortureRows = 1500

// The program is killed while it takes uploads, by turns as a server and as the import command, and now and then while it starts. After each new start
// it opens the folder, and of each kind exactly the rows of one generation are there: the last that was acknowledged, or one after it that was under way.
func TestKilledProgramKeepsWhatItAcknowledged(t *testing.T) {
	rounds := 6
	if os.Getenv("SIHAI_LONG") == "1" {
		rounds = 200
	}
	k := &killing{dir: t.TempDir(), files: t.TempDir(), moments: rand.New(rand.NewPCG(2026, 11)), kept: map[string]int{}, tried: map[string][]int{}}
	for round := range rounds {
		k.serverRound(t, round%5 == 4)
		if round%2 == 1 {
			k.commandRound(t)
		}
	}
	p := k.start(t)
	k.check(t, p.client)
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Fatalf("the last end: %v\n%s", err, p.told.String())
	}
	t.Logf("%d kills; of uploads without an answer %d are there whole and %d are absent; %d uploads and %d single writes were acknowledged",
		k.kills, k.whole, k.absent, k.uploads, k.singles)
	if k.uploads == 0 || k.singles == 0 {
		t.Error("nothing was acknowledged")
	}
}

// killing is the folder that goes through all kills, and what is known of it.
type killing struct {
	dir, files string
	moments    *rand.Rand
	generation int // the newest that was tried

	mu    sync.Mutex       // guards kept and tried
	kept  map[string]int   // newest acknowledged generation by kind, and the single writes'
	tried map[string][]int // what was begun after it: a kill may come between the commit and the answer

	kills, whole, absent, uploads, singles int
}

// process is a server that may be killed.
type process struct {
	cmd    *exec.Cmd
	told   *lines
	client *client.Client // the operator's
	url    string
}

// command is a run of the built program on the folder.
func (k *killing) command(t *testing.T, told io.Writer, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(program(t), append(args, "--data", k.dir)...)
	cmd.Env = append(os.Environ(), "SIHAI_BOOTSTRAP_KEY="+operatorKey, "SIHAI_LOG_LEVEL=warn")
	cmd.Stdout, cmd.Stderr = told, told
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// start starts a server and waits until it serves.
func (k *killing) start(t *testing.T) process {
	t.Helper()
	told := new(lines)
	cmd := k.command(t, told, "serve", "--listen", "127.0.0.1:0")
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // of one that has ended does nothing
	serves := regexp.MustCompile(`serves (http://\S+) on`)
	for until := time.Now().Add(patience); time.Now().Before(until); time.Sleep(2 * time.Millisecond) {
		if url := serves.FindStringSubmatch(told.String()); url != nil {
			return process{cmd, told, client.New(url[1], operatorKey, &http.Client{Transport: &http.Transport{}}), url[1]}
		}
	}
	t.Fatalf("the server does not start after %d kills: %s", k.kills, told.String())
	return process{}
}

// serverRound starts a server, checks what is there, and kills it while it takes uploads and single writes; or before that, while it starts.
func (k *killing) serverRound(t *testing.T, early bool) {
	t.Helper()
	if early {
		cmd := k.command(t, io.Discard, "serve", "--listen", "127.0.0.1:0")
		time.Sleep(time.Duration(k.moments.IntN(150)) * time.Millisecond)
		k.kill(t, cmd)
	}
	p := k.start(t)
	k.check(t, p.client)
	for _, m := range []string{"bulk", "single"} {
		if k.uploads > 0 {
			break // they were made by an earlier round
		}
		if _, err := p.client.PutMerchant(t.Context(), wire.Merchant{ID: m, Name: wire.Text{"en": strconv.Itoa(k.kept["single"])}}); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var writers sync.WaitGroup
	writers.Go(func() { k.uploadUntilKilled(ctx, p.client) })
	writers.Go(func() { k.writeUntilKilled(ctx, p.client) })
	time.Sleep(time.Duration(20+k.moments.IntN(500)) * time.Millisecond)
	k.kill(t, p.cmd)
	writers.Wait()
	for line := range strings.Lines(p.told.String()) {
		if strings.Contains(line, "level=ERROR") && !strings.Contains(line, "Create a new file") { // Badger's word for a file that a kill left empty
			t.Errorf("the server tells an error: %s", line)
		}
	}
}

func (k *killing) kill(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	k.kills++
}

// uploadUntilKilled sends generations of venues and of campaigns by turns, until one is not answered.
func (k *killing) uploadUntilKilled(ctx context.Context, c *client.Client) {
	for {
		for _, kind := range []string{"venues", "campaigns"} {
			k.generation++
			k.begin(kind, k.generation)
			report, err := c.Import(ctx, client.Upload{Merchant: "bulk", Kind: kind, Format: "ndjson"}, strings.NewReader(rowsOf(kind, k.generation)))
			if err != nil || report.State != "done" || report.Accepted != tortureRows {
				return
			}
			k.acknowledge(kind, k.generation)
			k.uploads++
		}
	}
}

// writeUntilKilled renames a merchant until that is not answered.
func (k *killing) writeUntilKilled(ctx context.Context, c *client.Client) {
	for n := k.kept["single"] + 1; ; n++ {
		k.begin("single", n)
		if _, err := c.PutMerchant(ctx, wire.Merchant{ID: "single", Name: wire.Text{"en": strconv.Itoa(n)}}); err != nil {
			return
		}
		k.acknowledge("single", n)
		k.singles++
	}
}

// commandRound runs the import command again and again until a moment, at which it is killed.
func (k *killing) commandRound(t *testing.T) {
	t.Helper()
	left := time.NewTimer(time.Duration(30+k.moments.IntN(800)) * time.Millisecond)
	for n := 0; ; n++ {
		kind := []string{"venues", "campaigns"}[n%2]
		k.generation++
		file := filepath.Join(k.files, "rows.ndjson")
		if err := os.WriteFile(file, []byte(rowsOf(kind, k.generation)), 0o600); err != nil {
			t.Fatal(err)
		}
		told := new(lines)
		k.begin(kind, k.generation)
		cmd := k.command(t, told, "import", file, "--merchant", "bulk", "--kind", kind)
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		select {
		case err := <-ended:
			if err != nil || !strings.Contains(told.String(), "done") {
				t.Fatalf("import of %s: %v\n%s", kind, err, told.String())
			}
			k.acknowledge(kind, k.generation)
			k.uploads++
		case <-left.C:
			_ = cmd.Process.Kill()
			if err := <-ended; err == nil {
				k.acknowledge(kind, k.generation) // it was done just then
			}
			k.kills++
			return
		}
	}
}

func (k *killing) begin(what string, n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.tried[what] = append(k.tried[what], n)
}

func (k *killing) acknowledge(what string, n int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.kept[what], k.tried[what] = n, nil
}

// rowsOf writes an upload that tells its generation in every row.
func rowsOf(kind string, generation int) string {
	row := `{"id": "v-%d", "name": {"en": "Venue"}, "lat": 25.%04d, "lon": -80.1, "chain": "g%d", "time_zone": "America/New_York"}`
	if kind == "campaigns" {
		row = `{"id": "c-%d", "geofences": [{"circle": {"lat": 25.%04d, "lon": -80.1, "radius": 5}}], "title": {"en": "g%d"}, ` +
			`"discount": {"type": "percent", "percent": 5}, "venues": {"ids": ["v-0"]}, "status": "enabled"}`
	}
	var s strings.Builder
	for i := range tortureRows {
		fmt.Fprintf(&s, row+"\n", i, i, generation)
	}
	return s.String()
}

// check compares what the program tells with what was acknowledged, and takes it as the state from here on.
func (k *killing) check(t *testing.T, c *client.Client) {
	t.Helper()
	venues := allOf(t, func(p client.Page) (wire.List[wire.Venue], error) { return c.Venues(t.Context(), "bulk", p) })
	k.settle(t, "venues", generations(venues, func(v wire.Venue) string { return strings.TrimPrefix(v.Chain, "g") }))
	campaigns := allOf(t, func(p client.Page) (wire.List[wire.Campaign], error) { return c.Campaigns(t.Context(), "bulk", p) })
	titles := generations(campaigns, func(e wire.Campaign) string { return strings.TrimPrefix(e.Title["en"], "g") })
	k.settle(t, "campaigns", titles)
	for _, m := range allOf(t, func(p client.Page) (wire.List[wire.Merchant], error) { return c.Merchants(t.Context(), p) }) {
		if m.ID == "single" {
			n, err := strconv.Atoi(m.Name["en"])
			if last := k.kept["single"]; err != nil || (n != last && !slices.Contains(k.tried["single"], n)) {
				t.Fatalf("single write %d was acknowledged, %q is there", last, m.Name["en"])
			}
			k.kept["single"] = n
		}
	}
	k.checkDecision(t, c, len(venues) > 0 && len(campaigns) > 0)
	clear(k.tried)
}

// generations counts rows by the generation that they tell.
func generations[T any](rows []T, of func(T) string) map[string]int {
	counts := map[string]int{}
	for _, row := range rows {
		counts[of(row)]++
	}
	return counts
}

// settle checks that all rows are of one generation that may be there.
func (k *killing) settle(t *testing.T, kind string, counts map[string]int) {
	t.Helper()
	last, tried := k.kept[kind], k.tried[kind]
	if len(counts) == 0 && last == 0 {
		k.absent += len(tried)
		return
	}
	for text, n := range counts {
		generation, err := strconv.Atoi(text)
		if err != nil || n != tortureRows || len(counts) != 1 || (generation != last && !slices.Contains(tried, generation)) {
			t.Fatalf("after %d kills: generation %d of the %s was acknowledged, %v were begun after it, and there are %v", k.kills, last, kind, tried, counts)
		}
		if generation != last {
			k.whole++
			k.absent--
		}
		k.absent += len(tried)
		k.kept[kind] = generation
	}
}

// checkDecision checks that decisions are made on what is stored.
func (k *killing) checkDecision(t *testing.T, c *client.Client, there bool) {
	t.Helper()
	d, err := c.Decide(t.Context(), wire.Request{
		Location: &wire.Location{Lat: 25.07, Lon: -80.1}, Placements: []wire.PlacementRequest{{ID: "home", Count: 1}},
	})
	if err != nil {
		t.Fatal(err)
	}
	offers := d.Placements[0].Offers
	if want := fmt.Sprint("g", k.kept["campaigns"]); there && (len(offers) != 1 || offers[0].CampaignID != "c-700" || offers[0].Title != want) {
		t.Fatalf("after %d kills %+v is offered instead of c-700 as of %s", k.kills, offers, want)
	}
}
