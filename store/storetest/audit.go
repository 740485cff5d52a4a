package storetest

import (
	"fmt"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/scoring"
)

// entries returns the whole audit log of a merchant, oldest first, read in pages of a size.
func (b *fixture) entries(merchant string, limit int) (all []engine.AuditEntry) {
	b.Helper()
	p := engine.Page{Limit: limit}
	for {
		page, next, err := b.AuditEntries(b.ctx(), merchant, p)
		b.ok(err)
		if len(page) > limit {
			b.Fatalf("a page of %d with limit %d", len(page), limit)
		}
		for _, e := range page {
			all = append([]engine.AuditEntry{e}, all...)
		}
		if p.After = next; next == "" {
			return all
		}
	}
}

func testAudit(b *fixture) {
	b.merchant("m-1")
	b.merchant("m-2")
	b.venue("m-1", "v-1")
	b.campaign(Campaign("m-1", "c-1", "v-1"))
	w := b.write()
	w.Action, w.Detail = engine.AuditRestored, "version 1"
	w.Once = &engine.Once{Caller: "key_1", Key: "k"}
	for range 2 { // the second is the first's answer again
		_, err := b.UpdateCampaign(b.ctx(), w, "m-1", "c-1", func(c *engine.Campaign) error { c.Venues.IDs = nil; return nil })
		b.ok(err)
	}
	_, err := b.PutCampaign(b.ctx(), b.when(engine.Precondition{Version: 9}), Campaign("m-1", "c-1"))
	b.is(err, engine.ErrStale)
	b.ok(b.DeleteVenue(b.ctx(), b.write(), "m-1", "v-1"))
	b.venue("m-1", "v-1")

	id := engine.ImportID{MerchantID: "m-1", ID: "i-1"}
	_, err = b.BeginImport(b.ctx(), b.write(), engine.Import{ImportID: id, Kind: engine.ImportVenues})
	b.ok(err)
	first, second := Venue("m-1", "v-1"), Venue("m-1", "v-2")
	b.ok(b.StageRows(b.ctx(), id, []engine.ImportRow{{Row: 1, Venue: &first}, {Row: 2, Venue: &second}}))
	_, err = b.CommitImport(b.ctx(), b.write(), engine.Import{ImportID: id, Rows: 2})
	b.ok(err)

	_, err = b.PutKey(b.ctx(), b.write(), engine.Key{ID: "key_m", Hash: [32]byte{1}, Role: engine.RoleMerchant, MerchantID: "m-1"})
	b.ok(err)
	for range 2 { // the second changes nothing
		_, err = b.RevokeKey(b.ctx(), b.write(), "key_m")
		b.ok(err)
	}
	want := []string{
		"created merchant m-1 0-1", "created venue v-1 0-1", "created campaign c-1 0-1", "restored campaign c-1 1-2 version 1", "deleted venue v-1 1-0",
		"created venue v-1 0-2", "created venue v-2 0-1 i-1", "created key key_m 0-1", "revoked key key_m 1-2",
	}
	b.audited("m-1", want)
	b.audited("m-2", []string{"created merchant m-2 0-1"})
	b.audited("m-3", nil)

	_, err = b.PutProfile(b.ctx(), b.write(), scoring.Profile{Name: "p"})
	b.ok(err)
	_, err = b.ActivateProfile(b.ctx(), b.write(), "p", 1)
	b.ok(err)
	_, err = b.PutRates(b.ctx(), b.write(), engine.Rates{{Date: engine.Date{Year: 2026, Month: 1, Day: 2}, Rates: map[string]engine.Rate{"USD": {Mantissa: 1}}}})
	b.ok(err)
	b.audited("", []string{"created profile p 0-1", "activated profile p 0-1", "changed rates  0-0 1 days"})
	b.reopen()
	b.audited("m-1", want)
	_, _, err = b.AuditEntries(b.ctx(), "m-1", engine.Page{Limit: 1, After: "x"})
	b.fault(err, "cursor", "invalid")
}

// audited compares a log with what is wanted of it, oldest first, whatever the size of the pages.
func (b *fixture) audited(merchant string, want []string) {
	b.Helper()
	for _, limit := range []int{1, 2, 5, 100} {
		var got []string
		for i, e := range b.entries(merchant, limit) {
			text := fmt.Sprintf("%s %s %s %d-%d", e.Action, e.Kind, e.ID, e.From, e.To)
			for _, more := range []string{e.ImportID, e.Detail} {
				if more != "" {
					text += " " + more
				}
			}
			got = append(got, text)
			if e.Seq != uint64(i+1) || e.By != "key_1" || !e.Time.After(epoch) {
				b.Fatalf("entry %d: %+v", i, e)
			}
		}
		b.same(got, want)
	}
}
