package ledger_test

import (
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// long reports whether hours are to be spent on trials.
func long() bool { return os.Getenv("SIHAI_LONG") == "1" }

// A plain model, which knows no balances and counts every redemption anew for each question, agrees with the ledger over random operations, with new starts
// in between, and in every other episode with a clock that is put ahead and back by up to a year; from time to time the ledger is verified.
func TestSimulation(t *testing.T) {
	episodes, steps := 6, 700
	if long() {
		episodes, steps = 1000, 1000
	}
	for seed := range uint64(episodes) {
		if !t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { simulate(t, seed, steps) }) {
			t.Fatalf("seed %d", seed)
		}
	}
}

// plainUse is a redemption of the model.
type plainUse struct {
	id, campaign, venue, user, code string
	day                             string // of the venue, YYYY-MM-DD
	off                             int64
	euro                            int64
	status                          engine.RedemptionStatus
	ends                            time.Time
	back                            int64
}

type plainCode struct{ uses, used int64 }

type simulation struct {
	*shop
	random    *rand.Rand
	campaigns []engine.Campaign
	uses      []*plainUse
	codes     map[string]map[string]*plainCode // by campaign
	answers   map[string]plainAnswer           // by idempotency key
	seed      uint64
	step      int
	ahead     time.Duration // of the time that has passed
}

// plainAnswer is what an idempotency key got.
type plainAnswer struct {
	r  engine.Redemption
	do func(engine.Write) (engine.Redemption, error)
}

func simulate(t *testing.T, seed uint64, steps int) {
	random := rand.New(rand.NewPCG(seed, 77))
	s := &simulation{random: random, codes: map[string]map[string]*plainCode{}, answers: map[string]plainAnswer{}, seed: seed}
	for i := range 3 {
		s.campaigns = append(s.campaigns, s.aCampaign(fmt.Sprint("c", i)))
		s.codes[fmt.Sprint("c", i)] = map[string]*plainCode{}
	}
	s.shop = newShop(t, t.TempDir(), s.campaigns...)
	for s.step = range steps {
		switch n := random.IntN(100); {
		case n < 40:
			s.take()
		case n < 70:
			s.next()
		case n < 76:
			s.again()
		case n < 79:
			s.addCodes()
		case n < 92:
			s.pass(time.Duration(random.Int64N(int64(20 * time.Minute))))
		case n < 95 && seed%2 == 1:
			s.jump()
		case n < 95:
			s.pass(time.Duration(random.Int64N(int64(30 * time.Hour))))
		case n < 98:
			if _, err := s.Sweep(t.Context(), s.now()); err != nil {
				t.Fatal(err)
			}
		default:
			s.reopen()
		}
		if random.IntN(100) == 0 || s.step == steps-1 {
			s.verify()
			s.compare()
		}
	}
	_ = s.Close()
	_ = s.store.Close()
}

func (s *simulation) failf(format string, args ...any) {
	s.t.Helper()
	s.t.Fatalf("seed %d, step %d: %s", s.seed, s.step, fmt.Sprintf(format, args...))
}

func (s *simulation) aCampaign(id string) engine.Campaign {
	c := engine.Campaign{ID: id, Discount: engine.Discount{Type: engine.DiscountPercent, Percent: engine.Percent(1 + s.random.Int64N(10_000))}}
	if s.random.IntN(2) == 0 {
		c.Discount.Max = usd(1 + s.random.Int64N(900))
	}
	periods := []engine.Period{engine.PeriodTotal, engine.PeriodDay, engine.PeriodWeek, engine.PeriodMonth}
	for _, per := range []engine.Scope{engine.PerCampaign, engine.PerVenue, engine.PerUser} {
		if s.random.IntN(2) == 0 {
			c.Budgets = append(c.Budgets, count(1+s.random.Int64N(12), per, periods[s.random.IntN(4)]))
		}
		if s.random.IntN(2) == 0 {
			c.Budgets = append(c.Budgets, spend(1+s.random.Int64N(3000), []string{"USD", "EUR"}[s.random.IntN(2)], per, periods[s.random.IntN(4)]))
		}
	}
	return c
}

// rounded returns a × b / c, rounded half away from zero, by fractions.
func rounded(a, b, c int64) int64 {
	x := new(big.Rat).SetFrac(new(big.Int).Mul(big.NewInt(a), big.NewInt(b)), big.NewInt(c))
	x.Add(x, big.NewRat(1, 2))
	return new(big.Int).Div(x.Num(), x.Denom()).Int64()
}

// jump puts the clock somewhere about the time that has passed. What ran out before and after it is swept.
func (s *simulation) jump() {
	to := []time.Duration{0, time.Hour, -time.Hour, 24 * time.Hour, -24 * time.Hour, aYear, -aYear}[s.random.IntN(7)]
	s.sweep()
	s.expire()
	s.pass(to - s.ahead)
	s.ahead = to
	s.sweep()
	s.expire()
}

// expire ends the model's holds that have run out, and those that would outlast any hold.
func (s *simulation) expire() {
	for _, u := range s.uses {
		if left := u.ends.Sub(s.now().Truncate(time.Millisecond)); u.status == engine.Reserved && (left <= 0 || left > 7*24*time.Hour) {
			u.status = engine.Expired
			s.free(u)
		}
	}
}

func (s *simulation) free(u *plainUse) {
	if u.code != "" {
		s.codes[u.campaign][u.code].used--
	}
}

// charge is what a use takes of budgets in a currency, after what was undone.
func (u *plainUse) charge(code string) int64 {
	whole := u.off
	if code == "EUR" {
		whole = u.euro
	}
	if u.back == 0 {
		return whole
	}
	return whole - rounded(whole, u.back, u.off)
}

// days returns the days of a period around a day, as texts that can be compared; empty bounds for all.
func days(p engine.Period, at time.Time) (first, last string) {
	switch p {
	case engine.PeriodDay:
		return at.Format(time.DateOnly), at.Format(time.DateOnly)
	case engine.PeriodWeek:
		back := (int(at.Weekday()) + 6) % 7
		return at.AddDate(0, 0, -back).Format(time.DateOnly), at.AddDate(0, 0, 6-back).Format(time.DateOnly)
	case engine.PeriodMonth:
		return at.Format("2006-01") + "-01", at.Format("2006-01") + "-31"
	}
	return "", "9"
}

// against lists the codes of the reasons against a use.
func (s *simulation) against(c *engine.Campaign, u *plainUse, code string) string {
	var out []int
	local := s.now().In(zone(s.t, "America/New_York"))
	missing := false
	for _, b := range c.Budgets {
		if b.Per == engine.PerUser && u.user == "" {
			missing = true
			continue
		}
		first, last := days(b.Period, local)
		n, more := int64(0), int64(1)
		if b.Metric == engine.MetricSpend {
			more = u.charge(b.Currency)
		}
		for _, other := range s.uses {
			if other.campaign != c.ID || !other.status.Live() || other.day < first || other.day > last ||
				b.Per == engine.PerVenue && other.venue != u.venue || b.Per == engine.PerUser && other.user != u.user {
				continue
			}
			if b.Metric == engine.MetricSpend {
				n += other.charge(b.Currency)
			} else {
				n++
			}
		}
		if n+more > b.Limit || n >= b.Limit {
			reason := int(engine.BudgetExhausted)
			if b.Per == engine.PerUser {
				reason = int(engine.UserLimitReached)
			}
			out = append(out, reason)
		}
	}
	if missing {
		out = append(out, int(engine.UserMissing))
	}
	known := s.codes[c.ID]
	switch held := known[code]; {
	case code == "" && len(known) > 0:
		out = append(out, int(engine.CodeRequired))
	case code != "" && held == nil:
		out = append(out, int(engine.CodeUnknown))
	case code != "" && held.used >= held.uses:
		out = append(out, int(engine.CodeUsed))
	}
	if u.off == 0 {
		out = append(out, int(engine.NothingLeft))
	}
	slices.Sort(out)
	return fmt.Sprint(out)
}

// take reserves or redeems.
func (s *simulation) take() {
	c := &s.campaigns[s.random.IntN(len(s.campaigns))]
	purchase := 1 + s.random.Int64N(5000)
	off := min(rounded(purchase, int64(c.Discount.Percent), 10_000), purchase)
	exact := off
	if m := c.Discount.Max; !m.IsZero() {
		off = min(off, m.Amount)
	}
	u := &plainUse{campaign: c.ID, venue: fmt.Sprint("v", s.random.IntN(3)), off: off, euro: rounded(off, 100, 125),
		day: s.now().In(zone(s.t, "America/New_York")).Format(time.DateOnly)}
	if s.random.IntN(8) > 0 {
		u.user = fmt.Sprint("u", s.random.IntN(4))
	}
	code := ""
	if s.random.IntN(3) > 0 && len(s.codes[c.ID]) > 0 || s.random.IntN(20) == 0 {
		code = fmt.Sprint("K", s.random.IntN(12))
	}
	o := &engine.Order{CampaignID: c.ID, VenueID: u.venue, User: engine.User{ID: u.user}, Purchase: usd(purchase), Code: code, TTL: time.Duration(1+s.random.IntN(3000)) * time.Second}
	do, status := func(w engine.Write) (engine.Redemption, error) { return s.Redeem(s.t.Context(), w, o) }, engine.Confirmed
	if s.random.IntN(2) == 0 {
		do, status = func(w engine.Write) (engine.Redemption, error) { return s.Reserve(s.t.Context(), w, o) }, engine.Reserved
	}
	s.expire()
	want := s.against(c, u, code)
	if exact == 0 { // a share that rounds to nothing takes nothing, and that is no fault
		want = fmt.Sprint(without(want))
	}
	if s.random.IntN(10) == 0 {
		v, err := s.Validate(s.t.Context(), s.now(), o)
		if err != nil || codes(v.Reasons) != want {
			s.failf("validation says %v, %v, the model %s", v, err, want)
		}
	}
	r, ok := s.do(do)
	if !ok {
		if want == "[]" {
			s.failf("%+v is refused with %+v, the model takes it", o, r)
		}
		if r.DecisionID != want {
			s.failf("%+v is refused with %s, by the model %s", o, r.DecisionID, want)
		}
		return
	}
	if want != "[]" || r.Status != status || r.Discount != usd(off) {
		s.failf("%+v is %+v, the model refuses with %s, or takes off %d", o, r, want, off)
	}
	u.id, u.status, u.code = r.ID, status, code
	u.ends = s.now().Truncate(time.Millisecond).Add(o.TTL)
	if code != "" {
		s.codes[c.ID][code].used++
	}
	s.uses = append(s.uses, u)
}

// without leaves 384 out of a list.
func without(list string) string {
	for _, with := range []string{" 384]", "384]"} {
		if n := len(list) - len(with); n >= 0 && list[n:] == with {
			return list[:n] + "]"
		}
	}
	return list
}

// do does a step, often with an idempotency key. Of a refusal the codes are in DecisionID.
func (s *simulation) do(do func(engine.Write) (engine.Redemption, error)) (engine.Redemption, bool) {
	w := s.write()
	key := fmt.Sprint("k", s.step)
	if s.random.IntN(2) == 0 {
		w = s.once(key, 1)
	}
	r, err := do(w)
	if refused := refusedWith(err); refused != "" {
		return engine.Redemption{DecisionID: refused}, false
	}
	if err != nil {
		s.failf("%v", err)
	}
	if w.Once != nil {
		s.answers[key] = plainAnswer{r, do}
	}
	return r, true
}

// again repeats what a key stands for: the first answer comes back and nothing else happens.
func (s *simulation) again() {
	for key, a := range s.answers { // any
		r, err := a.do(s.once(key, 1))
		if err != nil || r.ID != a.r.ID || r.Status != a.r.Status || r.RolledBack != a.r.RolledBack || !r.Settled.Equal(a.r.Settled) {
			s.failf("key %s is answered with %+v, %v, at first %+v", key, r, err, a.r)
		}
		if _, err := a.do(s.once(key, 2)); !errors.Is(err, engine.ErrOnceConflict) {
			s.failf("key %s with another body: %v", key, err)
		}
		s.expire() // both touched the account
		return
	}
}

// next confirms, releases or rolls back.
func (s *simulation) next() {
	if len(s.uses) == 0 {
		return
	}
	u := s.uses[max(0, len(s.uses)-1-s.random.IntN(30))]
	s.expire()
	ctx := s.t.Context()
	switch s.random.IntN(3) {
	case 0, 1:
		to := engine.Confirmed
		if s.random.IntN(2) == 0 {
			to = engine.Released
		}
		_, ok := s.do(func(w engine.Write) (engine.Redemption, error) {
			if to == engine.Released {
				return s.Release(ctx, w, u.id)
			}
			return s.Confirm(ctx, w, u.id)
		})
		if ok != (u.status == engine.Reserved) {
			s.failf("%s of %+v: %v", to, u, ok)
		}
		if ok {
			if u.status = to; to == engine.Released {
				s.free(u)
			}
		}
	default:
		amount := engine.Money{}
		if s.random.IntN(2) == 0 && u.off > 0 {
			amount = usd(1 + s.random.Int64N(u.off))
		}
		left := u.off - u.back
		r, ok := s.do(func(w engine.Write) (engine.Redemption, error) { return s.Rollback(ctx, w, u.id, amount) })
		if want := u.status == engine.Confirmed && amount.Amount <= left; ok != want {
			s.failf("rollback of %v of %+v: %v", amount, u, ok)
		}
		if !ok {
			return
		}
		if amount.IsZero() {
			amount.Amount = left
		}
		if u.back += amount.Amount; u.back == u.off {
			u.status = engine.RolledBack
			s.free(u)
		}
		if r.Status != u.status || r.RolledBack != u.back {
			s.failf("%+v, the model %+v", r, u)
		}
	}
}

func (s *simulation) addCodes() {
	c := s.campaigns[s.random.IntN(2)].ID // one has none
	batch := engine.CodeBatch{Uses: 1 + s.random.Int64N(3)}
	for range 1 + s.random.IntN(4) {
		batch.Codes = append(batch.Codes, fmt.Sprint("k", s.random.IntN(12)))
	}
	if _, err := s.AddCodes(s.t.Context(), s.write(), engine.CampaignRef{MerchantID: "m", CampaignID: c}, batch); err != nil {
		s.failf("%v", err)
	}
	s.expire()
	for _, code := range batch.Codes {
		if known := s.codes[c]; known[engine.NormalCode(code)] == nil {
			known[engine.NormalCode(code)] = &plainCode{uses: batch.Uses}
		}
	}
}

// compare reads every redemption.
func (s *simulation) compare() {
	s.expire()
	for _, u := range s.uses {
		r, err := s.Redemption(s.t.Context(), s.now(), u.id)
		if err != nil || r.Status != u.status || r.RolledBack != u.back || r.Discount.Amount != u.off {
			s.failf("%+v, %v, the model %+v", r, err, u)
		}
	}
}
