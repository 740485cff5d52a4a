package command_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/sihai-network/sihai/cmd/sihai/command"
	"github.com/sihai-network/sihai/engine/wire"
)

// seeded is randomness that several goroutines may read.
type seeded struct {
	mu  sync.Mutex
	src *rand.ChaCha8
}

func newSeeded(seed byte) *seeded { return &seeded{src: rand.NewChaCha8([32]byte{seed})} }

func (s *seeded) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.src.Read(p)
}

// demoOnce tells the story with a clock that stands at now.
func demoOnce(t *testing.T, now time.Time, seed byte) string {
	t.Helper()
	var out, errs bytes.Buffer
	code := command.Run(t.Context(), []string{"demo", "--once"}, command.Environment{
		In: strings.NewReader(""), Out: &out, Err: &errs, Now: func() time.Time { return now }, Random: newSeeded(seed),
	})
	if code != 0 || errs.Len() > 0 {
		t.Fatalf("code %d: %s", code, errs.String())
	}
	return out.String()
}

// The story is the same on every machine and every day: neither the clock nor the randomness of the run shows in it.
func TestDemoTellsTheSameDay(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	first := demoOnce(t, time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), 1)
	for name, again := range map[string]string{
		"a second run":               demoOnce(t, time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), 1),
		"another day and randomness": demoOnce(t, time.Date(2031, 2, 3, 4, 5, 6, 0, time.FixedZone("", 8*60*60)), 2),
	} {
		if again != first {
			t.Errorf("%s tells another story:\n%s\nbefore:\n%s", name, again, first)
		}
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestDemoShowsWhatItPromises(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	story := demoOnce(t, time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), 1)
	counts := regexp.MustCompile(`(\d+) real places, (\d+) invented campaigns, reference rates of \d{4}-\d\d-\d\d`).FindStringSubmatch(story)
	if counts == nil {
		t.Fatalf("the world is not told: %.200s", story)
	}
	if places, _ := strconv.Atoi(counts[1]); places < 80 {
		t.Errorf("%d places", places)
	}
	if campaigns, _ := strconv.Atoi(counts[2]); campaigns < 200 {
		t.Errorf("%d campaigns", campaigns)
	}
	heading := regexp.MustCompile(`(?m)^\d\d:\d\d  \S.{10,}$`)
	at := heading.FindAllStringIndex(story, -1)
	if len(at) < 5 {
		t.Fatalf("%d stops", len(at))
	}
	offer := regexp.MustCompile(`(?m)^\d+  .*\d+ +[0-9.]+ CNY  \d\.\d{3}  [a-z ]+ \d\.\d\d`)
	rejection := regexp.MustCompile(`(?m)^  .*  \S+@\S+ +3\d\d [a-z_]+: .`)
	reasons := map[string]bool{}
	with := 0
	for i, from := range at {
		end := len(story)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		stop := story[from[0]:end]
		offers := offer.FindAllString(stop, -1)
		if len(offers) > 0 {
			with++
		}
		for _, o := range offers {
			if !strings.ContainsFunc(o, func(c rune) bool { return unicode.Is(unicode.Han, c) }) || !regexp.MustCompile(`[A-Za-z]{3,} `).MatchString(o) {
				t.Errorf("not told in Chinese and English: %s", o)
			}
		}
		if !rejection.MatchString(stop) {
			t.Errorf("nothing is told to be rejected, and why: %s", stop)
		}
		for _, code := range regexp.MustCompile(`3\d\d [a-z_]+: `).FindAllString(stop, -1) {
			reasons[code] = true
		}
	}
	if with < len(at)-1 {
		t.Errorf("offers at %d of %d stops", with, len(at))
	}
	if len(reasons) < 8 {
		t.Errorf("only these reasons are shown: %v", reasons)
	}
}

// The three lines that the demo prints work as they stand, and do what it says of them.
func TestDemoServesWhatItPrints(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	demo := start(t, newSeeded(3), nil, "demo", "--listen", "127.0.0.1:0")
	url := demo.await(t, `Serving on (http://\S+);`)[1]
	demo.await(t, `(?s)(curl [^\n]*\n.*){3}`)
	calls := regexp.MustCompile(`(?m)^curl .*$`).FindAllString(demo.out.String(), -1)
	if len(calls) != 3 {
		t.Fatalf("%d curl lines", len(calls))
	}
	ask, put, list := calls[0], calls[1], calls[2]

	before := answerTo[wire.Decision](t, ask)
	if len(before.Placements) != 1 || len(before.Placements[0].Offers) == 0 {
		t.Fatalf("no offers: %+v", before)
	}
	for _, o := range before.Placements[0].Offers {
		if o.CampaignID == "rain" || o.EstimatedSaving == nil || o.EstimatedSaving.Currency != "CNY" || o.ContentLanguage != "zh-Hans" {
			t.Errorf("offered in the first place: %+v", o)
		}
	}
	if made := answerTo[wire.Campaign](t, put); made.ID != "rain" || made.MerchantID != "coffee" || made.State != "running" {
		t.Errorf("made: %+v", made)
	}
	after := answerTo[wire.Decision](t, ask)
	if after.CatalogVersion <= before.CatalogVersion || !slices.ContainsFunc(after.Placements[0].Offers, func(o wire.Offer) bool {
		return o.OfferID == "rain@panther-wynwood" && o.Title == "雨天第二杯免费"
	}) {
		t.Errorf("the new campaign is not offered at once: %+v", after)
	}
	page := answerTo[wire.List[wire.Campaign]](t, list)
	if len(page.Data) != 2 || page.NextCursor == "" {
		t.Errorf("%d campaigns listed", len(page.Data))
	}
	for _, c := range page.Data {
		if c.MerchantID != "coffee" {
			t.Errorf("the coffee shop sees %s of %s", c.ID, c.MerchantID)
		}
	}

	res, err := http.Get(url + "/v1/campaigns?merchant=coffee")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusUnauthorized {
		t.Errorf("without a key the network is answered %s", res.Status)
	}
	if end := demo.stop(t); end.code != 0 || end.err != "" {
		t.Errorf("ended with %d: %s", end.code, end.err)
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// answerTo does a curl line and decodes its answer.
func answerTo[T any](t *testing.T, line string) (answer T) {
	t.Helper()
	var out, errs bytes.Buffer
	words := shellWords(t, line)
	if words[0] != "curl" {
		t.Fatalf("not a curl line: %s", line)
	}
	if code := curl(append(words[1:], "-f"), &out, &errs); code != 0 {
		t.Fatalf("%s\n%s", line, errs.String())
	}
	if err := json.Unmarshal(out.Bytes(), &answer); err != nil {
		t.Fatalf("%s\n%s: %v", line, out.String(), err)
	}
	return answer
}
