package wire

import (
	"encoding/csv"
	"io"
	"strconv"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// Report is what campaigns won in some days.
type Report struct {
	MerchantID string      `json:"merchant_id"`
	CampaignID string      `json:"campaign_id,omitempty" doc:"left out: all of the merchant's"`
	From       string      `json:"from" format:"date" doc:"first day, by the venues' calendars"`
	Until      string      `json:"until" format:"date" doc:"the day after the last"`
	Total      Numbers     `json:"total"`
	Days       []ReportRow `json:"days" doc:"by day of the venues' calendars"`
	Venues     []ReportRow `json:"venues"`
	Cells      []ReportRow `json:"cells" doc:"by the traveller's H3 cell of resolution 7; an empty key is an unknown place"`
	Languages  []ReportRow `json:"languages" doc:"by the language in which the offer was told; an empty key is unknown"`
	Campaigns  []ReportRow `json:"campaigns"`
	Funnel     Funnel      `json:"funnel"`
}

// Numbers count what became of offers.
type Numbers struct {
	Offered    int64   `json:"offered" doc:"offers in answers; what came of them counts on the day on which they were made"`
	Shown      int64   `json:"shown" doc:"of those, with an impression"`
	Clicks     int64   `json:"clicks" doc:"offers that were tapped"`
	Saves      int64   `json:"saves"`
	Dismissals int64   `json:"dismissals"`
	Reserved   int64   `json:"reserved" doc:"holds, whatever became of them"`
	Redeemed   int64   `json:"redeemed" doc:"uses that stand"`
	RolledBack int64   `json:"rolled_back" doc:"uses that were undone as a whole"`
	Spend      []Money `json:"spend" doc:"discounts given and not undone, by currency"`
	SeenRate   *Share  `json:"seen_rate,omitempty" doc:"shown of offered; left out when nothing was offered"`
	ClickRate  *Share  `json:"click_rate,omitempty" doc:"clicks of shown"`
	UseRate    *Share  `json:"use_rate,omitempty" doc:"redeemed beside shown, at most 1"`
}

// Share is a share and its score interval of 95 % confidence (Wilson).
type Share struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// ReportRow is the part of a report that belongs to one key.
type ReportRow struct {
	Key string `json:"key"`
	Numbers
}

// Funnel is the way of offers from the places of requests to the answers.
type Funnel struct {
	Met     int64       `json:"met" doc:"offers that the places of requests led to, in each placement"`
	Against []ReasonRow `json:"against" doc:"the first reason against each, by code; what was outranked was asked nothing further"`
	Offered int64       `json:"offered"`
}

// ReasonRow is how often there was a reason.
type ReasonRow struct {
	Code  int    `json:"code"`
	Name  string `json:"name"`
	Count int64  `json:"count"`
}

func numbersOf(n *engine.Numbers) Numbers {
	out := Numbers{Offered: n.Offered, Shown: n.Shown, Clicks: n.Clicks, Saves: n.Saves, Dismissals: n.Dismissals, Reserved: n.Reserved, Redeemed: n.Redeemed,
		RolledBack: n.RolledBack, Spend: make([]Money, len(n.Spend))}
	for i, m := range n.Spend {
		out.Spend[i] = Money(m)
	}
	share := func(s engine.Share) *Share { return &Share{s.Value, s.Low, s.High} }
	if n.Offered > 0 {
		out.SeenRate = share(n.Seen())
	}
	if n.Shown > 0 {
		out.ClickRate, out.UseRate = share(n.Tapped()), share(n.Used())
	}
	return out
}

func reportRowsOf(rows []engine.ReportRow) []ReportRow {
	out := make([]ReportRow, len(rows))
	for i := range rows {
		out[i] = ReportRow{rows[i].Key, numbersOf(&rows[i].Numbers)}
	}
	return out
}

// ReportOf returns r as it is sent.
func ReportOf(r *engine.Report) Report {
	out := Report{
		MerchantID: r.MerchantID, CampaignID: r.CampaignID, From: r.From.String(), Until: r.Until.String(), Total: numbersOf(&r.Total),
		Days: reportRowsOf(r.Days), Venues: reportRowsOf(r.Venues), Cells: reportRowsOf(r.Cells), Languages: reportRowsOf(r.Languages), Campaigns: reportRowsOf(r.Campaigns),
		Funnel: Funnel{Met: r.Funnel.Met, Against: make([]ReasonRow, len(r.Funnel.Against)), Offered: r.Funnel.Offered},
	}
	for i, t := range r.Funnel.Against {
		out.Funnel.Against[i] = ReasonRow{int(t.Code), t.Code.String(), t.Count}
	}
	return out
}

// WriteCSV writes the report as one table: a row for the total and for each key of each part, and one for each step of the funnel, whose count is in the column of
// offers.
func (r *Report) WriteCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	_ = out.Write([]string{"by", "key", "offered", "shown", "clicks", "saves", "dismissals", "reserved", "redeemed", "rolled_back", "spend", "currency", "click_rate", "click_rate_low", "click_rate_high"})
	write := func(by, key string, n *Numbers) {
		row := []string{by, key}
		for _, x := range []int64{n.Offered, n.Shown, n.Clicks, n.Saves, n.Dismissals, n.Reserved, n.Redeemed, n.RolledBack} {
			row = append(row, strconv.FormatInt(x, 10))
		}
		rate := []string{"", "", ""}
		if s := n.ClickRate; s != nil {
			for i, x := range []float64{s.Value, s.Low, s.High} {
				rate[i] = strconv.FormatFloat(x, 'f', 6, 64)
			}
		}
		amount, currency := "", ""
		if len(n.Spend) > 0 {
			amount, currency = strconv.FormatInt(n.Spend[0].Amount, 10), n.Spend[0].Currency
		}
		_ = out.Write(append(append(row, amount, currency), rate...))
		for _, m := range n.Spend[min(1, len(n.Spend)):] {
			_ = out.Write([]string{by + "_spend", key, "", "", "", "", "", "", "", "", strconv.FormatInt(m.Amount, 10), m.Currency, "", "", ""})
		}
	}
	write("total", "", &r.Total)
	for _, part := range []struct {
		by   string
		rows []ReportRow
	}{{"day", r.Days}, {"venue", r.Venues}, {"cell", r.Cells}, {"language", r.Languages}, {"campaign", r.Campaigns}} {
		for i := range part.rows {
			write(part.by, keyText(part.rows[i].Key), &part.rows[i].Numbers)
		}
	}
	step := func(name string, n int64) {
		_ = out.Write([]string{"funnel", name, strconv.FormatInt(n, 10), "", "", "", "", "", "", "", "", "", "", "", ""})
	}
	step("met", r.Funnel.Met)
	for _, x := range r.Funnel.Against {
		step(x.Name, x.Count)
	}
	step("offered", r.Funnel.Offered)
	out.Flush()
	return out.Error()
}

// keyText keeps a spreadsheet from taking a key for a formula.
func keyText(key string) string {
	if key != "" && (key[0] == '=' || key[0] == '+' || key[0] == '-' || key[0] == '@') {
		return "'" + key
	}
	return key
}

// ReportDays reads the days of a report; both empty: the last 28, up to today's in UTC.
func ReportDays(from, until string, now time.Time) (first, end engine.Date, faults engine.Faults) {
	read := func(path, text string) (d engine.Date) {
		if text == "" {
			return d
		}
		d, ok := parseDate(text)
		if !ok {
			faults.Add(path, "invalid", "%q is no date such as 2026-11-24", clip(text))
		}
		return d
	}
	first, end = read("from", from), read("until", until)
	if len(faults) > 0 {
		return first, end, faults
	}
	day := func(d engine.Date) time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }
	if end.IsZero() {
		end = engine.DateOf(now.UTC().AddDate(0, 0, 1))
	}
	if first.IsZero() {
		first = engine.DateOf(day(end).AddDate(0, 0, -28))
	}
	if days := day(end).Sub(day(first)).Hours() / 24; days < 1 || days > engine.MaxReportDays {
		faults.Add("until", "out_of_range", "%s to %s are not 1 to %d days", first, end, engine.MaxReportDays)
	}
	return first, end, faults
}
