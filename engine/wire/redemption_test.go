package wire_test

import (
	"errors"
	"testing"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
)

// FuzzOrders feeds bytes to the decoders of orders, rollbacks and codes: each ends with faults, or with what the ledger may rest on.
func FuzzOrders(f *testing.F) {
	for _, s := range []string{
		`{"offer_id":"a@v","purchase":{"amount":1,"currency":"USD"}}`, `{"amount":{"amount":1,"currency":"USD"}}`, `{"generate":3,"prefix":"x"}`, `{"codes":["A"],"uses":2}`,
		`{"offer_id":"m/a@v","user":{"id":"u"},"purchase":{"amount":9223372036854775807,"currency":"JPY"},"location":{"lat":1,"lon":2},"ttl_seconds":9,"code":"x"}`, `{}`, ``, `[`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var faults engine.Faults
		o, err := wire.DecodeOrder(data)
		switch {
		case err != nil && !errors.As(err, &faults):
			t.Fatal(err)
		case err == nil && (o.Purchase.Amount < 0 || o.Purchase.Currency == "" || o.CampaignID == "" || o.VenueID == "" || o.TTL < 0):
			t.Fatalf("%q is taken as %+v", data, o)
		}
		amount, err := wire.DecodeRollback(data)
		switch {
		case err != nil && !errors.As(err, &faults):
			t.Fatal(err)
		case err == nil && !amount.IsZero() && amount.Amount < 1:
			t.Fatalf("%q is taken as %v", data, amount)
		}
		b, err := wire.DecodeCodeBatch(data)
		switch {
		case err != nil && !errors.As(err, &faults):
			t.Fatal(err)
		case err == nil && b.Uses < 1:
			t.Fatalf("%q is taken as %+v", data, b)
		}
	})
}
