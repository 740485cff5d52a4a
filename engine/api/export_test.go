package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/api"
	"github.com/sihai-network/sihai/engine/api/apitest"
	"github.com/sihai-network/sihai/engine/client"
)

// An export is what the pages of movements are, a line each; it goes on after any line, and of nothing it is empty.
func TestExportOverHTTP(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	if got := w.get(t, "operator", "/v1/ledger/export").want(t, 200); len(got.body) != 0 || got.header.Get("Content-Type") != "application/x-ndjson" {
		t.Errorf("%q %v", got.body, got.header)
	}
	w.sell(t, "a", tenPercent)
	for n := range 5 {
		w.order(t, "/v1/redemptions", orderJSON([]string{"a", "c-1"}[n%2], "u", 5000, "")).want(t, 201)
	}
	var page struct{ Data []json.RawMessage }
	w.get(t, "operator", "/v1/ledger/movements").want(t, 200).decode(t, &page)
	var want []string
	for _, m := range page.Data {
		want = append(want, string(m)+"\n")
	}
	got := w.get(t, "operator", "/v1/ledger/export").want(t, 200)
	if string(got.body) != strings.Join(want, "") || len(want) != 5 {
		t.Errorf("%s\nwant %s", got.body, strings.Join(want, ""))
	}
	rest := w.get(t, "operator", "/v1/ledger/export?merchant=m-1&after=m-1/a/2").want(t, 200)
	if string(rest.body) != strings.Join(want[2:], "") {
		t.Errorf("after m-1/a/2: %s", rest.body)
	}
	if of := w.get(t, "operator", "/v1/ledger/export?merchant=m-2").want(t, 200); len(of.body) != 0 {
		t.Errorf("of another merchant: %s", of.body)
	}
	w.get(t, "operator", "/v1/ledger/export?after=m-1/a").faults(t, "after invalid")
}

// brokenLedger gives up after some movements.
type brokenLedger struct {
	engine.Redeemer
	after int
}

func (b brokenLedger) EachMovement(_ context.Context, _, _ string, fn func(*engine.AccountMovement) error) error {
	for n := range b.after {
		m := engine.AccountMovement{CampaignRef: engine.CampaignRef{MerchantID: "m", CampaignID: "c"}, Movement: engine.Movement{Number: uint64(n + 1), Kind: engine.MoveRedeem}}
		if err := fn(&m); err != nil {
			return err
		}
	}
	return errors.New("the disk broke")
}

// An export that cannot be ended is broken off: who reads it is told, and has whole lines only. One that cannot be begun is a problem.
func TestExportThatBreaksIsNoWholeAnswer(t *testing.T) {
	for _, after := range []int{0, 3, 5000} {
		w := newWorld(t, apitest.Options{Change: func(o *api.Options) { o.Redeemer = brokenLedger{o.Redeemer, after} }})
		c := client.New(w.URL, apitest.OperatorKey, w.HTTP)
		n := 0
		err := c.ExportMovements(t.Context(), "", "", func(line []byte) error {
			n++
			var m struct{ Number int }
			if err := json.Unmarshal(line, &m); err != nil || m.Number != n {
				return fmt.Errorf("line %d is %q: %w", n, line, err)
			}
			return nil
		})
		var p *client.Problem
		if began := n > 0; err == nil || began == errors.As(err, &p) || n > after {
			t.Errorf("after %d movements: %d lines, %v", after, n, err)
		}
		if after == 5000 && n < 1000 {
			t.Errorf("%d lines of %d arrived", n, after)
		}
	}
}
