package command_test

import (
	"encoding/json"
	"testing"

	"github.com/sihai-network/sihai/engine/wire"
)

func TestLedgerVerb(t *testing.T) {
	onBothPlaces(t, func(t *testing.T, p place) {
		p.do(t, step{args: "ledger verify", out: `^0 accounts, 0 movements, 0 balances\n$`})
		p.do(t, step{args: "ledger export", out: `^$`})
		p.do(t, step{args: "ledger verify now", code: 2, err: `unknown command|accepts`})
	})
	s := serving(t, t.TempDir())
	if err := sellFew(t.Context(), s.client(), "till"); err != nil {
		t.Fatal(err)
	}
	r, err := s.client().Redeem(t.Context(), tillOrder("till", "u", 1000))
	if err != nil {
		t.Fatal(err)
	}
	p := place{env: s.env()}
	p.do(t, step{args: "ledger verify", out: `^1 accounts, 1 movements, 3 balances\n$`})
	if a := asJSON[wire.Audit](t, p, "ledger verify --merchant till"); a.Movements != 1 || a.Faults == nil {
		t.Errorf("%+v", a)
	}
	p.do(t, step{args: "ledger verify --merchant other", out: `^0 accounts`})
	p.do(t, step{args: "ledger export --after till/few/1", out: `^$`})
	p.do(t, step{args: "ledger export --after till/few", code: 1, err: `merchant/campaign/number`})
	var m wire.Movement
	got := p.do(t, step{args: "ledger export"})
	if err := json.Unmarshal([]byte(got.out), &m); err != nil || m.RedemptionID != r.ID || m.Kind != "redeem" || len(m.Changes) != 3 || m.Changes[0].After.Spend[0].Amount != 100 {
		t.Errorf("%v: %s", err, got.out)
	}
}
