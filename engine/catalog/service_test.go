package catalog_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/catalog"
	"github.com/sihai-network/sihai/scoring"
)

// faultsOf returns the faults that an error holds, as told lists them.
func faultsOf(t *testing.T, err error) []string {
	t.Helper()
	var faults engine.Faults
	if !errors.As(err, &faults) {
		t.Fatalf("%v holds no faults", err)
	}
	return told(faults)
}

func TestPutStoresTheCanonicalForm(t *testing.T) {
	h := newHouse(t, 1, "m-1")
	c := campaign("m-1", "c-1", "v-0")
	c.Title = engine.Text{"zh_hans": "八五折", "iw": "x"}
	c.Audience.Languages = []string{"ZH-hant"}
	c.Status = ""
	stored, err := h.service.PutCampaign(t.Context(), write(), c)
	if err != nil {
		t.Fatal(err)
	}
	mustEqual(t, "title", stored.Title.Languages(), []string{"he", "zh-Hans"})
	mustEqual(t, "audience", stored.Audience.Languages, []string{"zh-Hant"})
	if stored.Status != engine.StatusDraft || stored.Meta.Version != 1 {
		t.Errorf("status %q, version %d", stored.Status, stored.Meta.Version)
	}
	if c.Title["zh_hans"] == "" || c.Audience.Languages[0] != "ZH-hant" {
		t.Error("the caller's own value was changed")
	}
}

func TestPutCampaignKeepsTheConditions(t *testing.T) {
	h := newHouse(t, 1, "m-1")
	c := campaign("m-1", "c-1", "v-0")
	put := func(change func(*engine.Write)) (engine.Campaign, error) {
		w := write()
		change(&w)
		return h.service.PutCampaign(t.Context(), w, c)
	}
	if _, err := put(func(w *engine.Write) { w.If.Version = 1 }); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("version of nothing: %v", err)
	}
	once := &engine.Once{Caller: "key", Key: "1"}
	first, err := put(func(w *engine.Write) { w.Once = once })
	if err != nil || first.Meta.Version != 1 {
		t.Fatalf("%d, %v", first.Meta.Version, err)
	}
	if again, err := put(func(w *engine.Write) { w.Once = once }); err != nil || again.Meta.Version != 1 {
		t.Errorf("the same again: version %d, %v", again.Meta.Version, err)
	}
	if _, err := put(func(w *engine.Write) { w.If.Absent = true }); !errors.Is(err, engine.ErrExists) {
		t.Errorf("new where it is: %v", err)
	}
	second, err := put(func(w *engine.Write) { w.If.Version = 1 })
	if err != nil || second.Meta.Version != 2 {
		t.Errorf("version %d, %v", second.Meta.Version, err)
	}
	if _, err := put(func(w *engine.Write) { w.If.Version = 1 }); !errors.Is(err, engine.ErrStale) {
		t.Errorf("old version: %v", err)
	}
	c.MerchantID = "m-2"
	if _, err := put(func(*engine.Write) {}); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("unknown merchant: %v", err)
	}
}

func TestCampaignNamesVenuesThatExist(t *testing.T) {
	h := newHouse(t, 1, "m-1")
	for range 2 { // as a new campaign, and as a version of one that is there
		_, err := h.service.PutCampaign(t.Context(), write(), campaign("m-1", "c-1", "v-0", "v-9"))
		mustEqual(t, "unknown venue", faultsOf(t, err), []string{"venues.ids[1] unknown_venue"})
		if _, err := h.service.PutCampaign(t.Context(), write(), campaign("m-1", "c-1", "v-0")); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.service.DeleteVenue(t.Context(), write(), "m-1", "v-0"); !errors.Is(err, engine.ErrInUse) {
		t.Errorf("venue in use: %v", err)
	}
}

func TestArchivedCampaignStaysArchived(t *testing.T) {
	h := newHouse(t, 1, "m-1")
	c := campaign("m-1", "c-1", "v-0")
	if _, err := h.service.PutCampaign(t.Context(), write(), c); err != nil {
		t.Fatal(err)
	}
	for _, status := range []engine.Status{engine.StatusDisabled, engine.StatusEnabled, engine.StatusArchived, engine.StatusArchived} {
		stored, err := h.service.SetStatus(t.Context(), write(), "m-1", "c-1", status)
		if err != nil || stored.Status != status {
			t.Fatalf("%s: %q, %v", status, stored.Status, err)
		}
	}
	_, err := h.service.SetStatus(t.Context(), write(), "m-1", "c-1", engine.StatusEnabled)
	mustEqual(t, "enable", faultsOf(t, err), []string{"status invalid"})
	_, err = h.service.PutCampaign(t.Context(), write(), c)
	mustEqual(t, "put", faultsOf(t, err), []string{"status invalid"})
	report, err := h.service.RunImport(t.Context(), write(), engine.Import{ImportID: engine.ImportID{MerchantID: "m-1"}, Kind: engine.ImportCampaigns}, campaignRows(c), nil)
	if err != nil || report.State != engine.ImportFailed {
		t.Errorf("%s, %v", report.State, err)
	}
	mustEqual(t, "import", rowsTold(report), []string{"1 status invalid"})
	_, err = h.service.SetStatus(t.Context(), write(), "m-1", "c-1", engine.StatusDraft)
	mustEqual(t, "draft", faultsOf(t, err), []string{"status invalid"})
	if _, err := h.service.SetStatus(t.Context(), write(), "m-1", "c-2", engine.StatusEnabled); !errors.Is(err, engine.ErrNotFound) {
		t.Error(err)
	}
}

func TestKeys(t *testing.T) {
	h := newHouse(t, 0, "m-1")
	key, secret, err := h.service.CreateKey(t.Context(), write(), engine.Key{Role: engine.RoleMerchant, MerchantID: "m-1", Note: "till"})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(secret, "sk_") || len(secret) != 46 || !strings.HasPrefix(key.ID, "key_") || len(key.ID) != 20 {
		t.Errorf("key %q with secret of %d characters", key.ID, len(secret))
	}
	found, err := h.db.KeyByHash(t.Context(), catalog.HashSecret(secret))
	if err != nil || found.ID != key.ID || found.Role != engine.RoleMerchant || !found.Created.Equal(noon) {
		t.Errorf("%+v, %v", found, err)
	}
	revoked, err := h.service.RevokeKey(t.Context(), write(), key.ID)
	if err != nil || revoked.Revoked.IsZero() {
		t.Errorf("%+v, %v", revoked, err)
	}

	for name, test := range map[string]struct {
		key  engine.Key
		want []string
	}{
		"no role":          {engine.Key{}, []string{"role required"}},
		"unknown role":     {engine.Key{Role: "root", MerchantID: "m-1"}, []string{"role invalid", "merchant_id invalid"}},
		"merchant of none": {engine.Key{Role: engine.RoleMerchant}, []string{"merchant_id required"}},
		"unknown merchant": {engine.Key{Role: engine.RoleMerchant, MerchantID: "m-2"}, []string{"merchant_id unknown_merchant"}},
		"operator of one":  {engine.Key{Role: engine.RoleOperator, MerchantID: "m-1"}, []string{"merchant_id invalid"}},
		"long note":        {engine.Key{Role: engine.RoleApp, Note: strings.Repeat("x", 201)}, []string{"note too_long"}},
		"note in no UTF-8": {engine.Key{Role: engine.RoleApp, Note: "\xff"}, []string{"note invalid"}},
	} {
		_, secret, err := h.service.CreateKey(t.Context(), write(), test.key)
		mustEqual(t, name, faultsOf(t, err), test.want)
		if secret != "" {
			t.Errorf("%s: a secret came with faults", name)
		}
	}
}

func TestRepeatedCreateKeyTellsNoSecret(t *testing.T) {
	h := newHouse(t, 0)
	w := write()
	w.Once = &engine.Once{Caller: "key", Key: "1"}
	first, secret, err := h.service.CreateKey(t.Context(), w, engine.Key{Role: engine.RoleApp})
	if err != nil || secret == "" {
		t.Fatal(err)
	}
	again, secret, err := h.service.CreateKey(t.Context(), w, engine.Key{Role: engine.RoleApp})
	if err != nil || again.ID != first.ID || secret != "" {
		t.Errorf("key %q after %q, secret of %d characters, %v", again.ID, first.ID, len(secret), err)
	}
}

func TestImportKey(t *testing.T) {
	h := newHouse(t, 0)
	const secret = "a secret from the environment"
	first, err := h.service.ImportKey(t.Context(), write(), engine.Key{Role: engine.RoleOperator}, secret)
	if err != nil {
		t.Fatal(err)
	}
	again, err := h.service.ImportKey(t.Context(), write(), engine.Key{Role: engine.RoleOperator}, secret)
	if err != nil || again.ID != first.ID {
		t.Errorf("%q after %q, %v", again.ID, first.ID, err)
	}
	if found, err := h.db.KeyByHash(t.Context(), catalog.HashSecret(secret)); err != nil || found.ID != first.ID {
		t.Error(err)
	}
	_, err = h.service.ImportKey(t.Context(), write(), engine.Key{Role: "x"}, "short")
	mustEqual(t, "short", faultsOf(t, err), []string{"secret out_of_range", "role invalid"})
	if _, err := h.service.RevokeKey(t.Context(), write(), first.ID); err != nil {
		t.Fatal(err)
	}
	_, err = h.service.ImportKey(t.Context(), write(), engine.Key{Role: engine.RoleOperator}, secret)
	mustEqual(t, "revoked", faultsOf(t, err), []string{"secret invalid"})
}

func TestSeed(t *testing.T) {
	h := newHouse(t, 0)
	for range 2 {
		if err := h.service.Seed(t.Context(), noon); err != nil {
			t.Fatal(err)
		}
		active, err := h.db.ActiveProfile(t.Context())
		if err != nil || active.Name != scoring.DefaultName || active.Version != 1 || active.Author != catalog.Seeder {
			t.Errorf("%+v, %v", active, err)
		}
	}
	mine := scoring.Default()
	mine.Name = "mine"
	if _, err := h.service.PutProfile(t.Context(), write(), mine); err != nil {
		t.Fatal(err)
	}
	if _, err := h.service.ActivateProfile(t.Context(), write(), "mine", 0); err != nil {
		t.Fatal(err)
	}
	if err := h.service.Seed(t.Context(), noon); err != nil {
		t.Fatal(err)
	}
	if active, _ := h.db.ActiveProfile(t.Context()); active.Name != "mine" {
		t.Errorf("seeding put %q in the place of an active profile", active.Name)
	}
}

func TestProfileFaults(t *testing.T) {
	h := newHouse(t, 0)
	p := scoring.Default()
	p.Name, p.Bias, p.Weights = "a b", math.NaN(), map[string]float64{"luck": 1}
	_, err := h.service.PutProfile(t.Context(), write(), p)
	got := faultsOf(t, err)
	slices.Sort(got)
	mustEqual(t, "faults", got, []string{"bias out_of_range", "name invalid", "weights.luck unknown_field"})
	if _, err := h.service.ActivateProfile(t.Context(), write(), "none", 0); !errors.Is(err, engine.ErrNotFound) {
		t.Error(err)
	}
}

func TestRates(t *testing.T) {
	h := newHouse(t, 0)
	day := func(d int) engine.Date { return engine.Date{Year: 2026, Month: 11, Day: d} }
	good := map[string]engine.Rate{"USD": {Mantissa: 10861, Scale: 4}, "CYP": {Mantissa: 1}}
	n, err := h.service.PutRates(t.Context(), write(), engine.Rates{{Date: day(12), Rates: good}, {Date: day(13), Rates: good}})
	if err != nil || n != 2 {
		t.Errorf("%d, %v", n, err)
	}
	_, err = h.service.PutRates(t.Context(), write(), engine.Rates{
		{Date: day(13), Rates: map[string]engine.Rate{"usd": {Mantissa: 1}, "EUR": {Mantissa: 1}, "JPY": {}, "KWD": {Mantissa: 1, Scale: 19}}},
		{Date: day(13), Rates: good}, {Date: day(31)},
	})
	mustEqual(t, "faults", faultsOf(t, err), []string{"[0].rates.EUR invalid", "[0].rates.JPY out_of_range", "[0].rates.KWD out_of_range", "[0].rates invalid", "[1].date invalid", "[2].date invalid"})
}
