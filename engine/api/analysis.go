package api

import (
	"bytes"
	"context"
	"net/http"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
)

// analysisRoutes say what campaigns won, and would win.
func analysisRoutes() []route {
	readers := []engine.Role{engine.RoleMerchant, engine.RoleAnalyst}
	days := []param{
		{name: "from", in: "query", doc: "first day, by the venues' calendars; 28 days before the end when left out", kind: "string"},
		{name: "until", in: "query", doc: "the day after the last; tomorrow when left out", kind: "string"},
		{name: "format", in: "query", doc: "json when left out", kind: "string", enum: []string{"json", "csv"}},
	}
	told := ok[wire.Report]("the report; as text/csv one table of all parts")
	told.also = "text/csv"
	return []route{
		{method: http.MethodGet, path: "/v1/campaigns/{id}/report", id: "reportCampaign", owned: true, tag: "analysis", summary: "What a campaign won, and why it was not shown",
			roles: readers, params: append([]param{merchantParam()}, days...), answers: []answer{told}, handle: reportCampaign},
		{method: http.MethodGet, path: "/v1/merchants/{merchant}/report", id: "reportMerchant", owned: true, tag: "analysis", summary: "What a merchant's campaigns won, and why they were not shown",
			roles: readers, params: days, answers: []answer{told}, handle: reportMerchant},
		{method: http.MethodPost, path: "/v1/campaigns/{id}/forecast", id: "forecastCampaign", owned: true, reads: true, tag: "analysis", summary: "What a campaign would win, also one that is not stored as it would be",
			description: "The last weeks' decisions are decided again with the campaign among the candidates. A merchant is told of its own campaigns that would make room by name, and of others' by category.",
			roles:       readers, params: []param{merchantParam()}, body: &body{shape: jsonBody[wire.ForecastRequest]().shape, optional: true},
			answers: []answer{ok[wire.Forecast]("the forecast; nothing was changed")}, handle: forecastCampaign},
	}
}

// reportCampaign answers GET /v1/campaigns/{id}/report.
func reportCampaign(c *call) error {
	if _, err := c.api.Store.Campaign(c.ctx(), c.owner, c.Param("id")); err != nil {
		return err
	}
	return c.report(c.Param("id"))
}

// reportMerchant answers GET /v1/merchants/{merchant}/report.
func reportMerchant(c *call) error {
	if _, err := c.api.Store.Merchant(c.ctx(), c.owner); err != nil {
		return err
	}
	return c.report("")
}

func (c *call) report(campaign string) error {
	first, end, faults := wire.ReportDays(c.Query("from"), c.Query("until"), c.now)
	format := c.Query("format")
	if format != "" && format != "json" && format != "csv" {
		faults.Add("format", "invalid", "%.60q is neither json nor csv", format)
	}
	if len(faults) > 0 {
		return faults
	}
	ctx, cancel := c.takesLong()
	defer cancel()
	r, err := c.api.Reporter.Report(ctx, engine.ReportRequest{MerchantID: c.owner, CampaignID: campaign, From: first, Until: end})
	if err != nil {
		return err
	}
	told := wire.ReportOf(&r)
	if format != "csv" {
		return c.answer(http.StatusOK, told)
	}
	var table bytes.Buffer
	if err := told.WriteCSV(&table); err != nil {
		return err
	}
	c.Data(http.StatusOK, "text/csv; charset=utf-8", table.Bytes())
	return nil
}

// forecastCampaign answers POST /v1/campaigns/{id}/forecast.
func forecastCampaign(c *call) error {
	data, err := c.readBody()
	if err != nil {
		return err
	}
	r, faults := wire.DecodeForecastRequest(data, c.now)
	if r.Campaign == nil {
		stored, err := c.api.Store.Campaign(c.ctx(), c.owner, c.Param("id"))
		if err != nil {
			return err
		}
		r.Campaign = &stored
	} else if err := c.changed(r.Campaign, &faults); err != nil {
		return err
	}
	if len(faults) > 0 {
		return faults
	}
	ctx, cancel := c.takesLong()
	defer cancel()
	f, err := c.api.Forecaster.Forecast(ctx, r)
	if err != nil {
		return err
	}
	owner := ""
	if c.key.Role == engine.RoleMerchant {
		owner = c.owner
	}
	return c.answer(http.StatusOK, wire.ForecastOf(&f, owner))
}

// analysisWait bounds the time of an answer that is made of the logs.
const analysisWait = 2 * time.Minute

// takesLong lets an answer take longer than others may, and returns the context in which it is made.
func (c *call) takesLong() (context.Context, context.CancelFunc) {
	_ = http.NewResponseController(c.Writer).SetWriteDeadline(time.Now().Add(analysisWait + c.api.UploadIdle)) // a server without deadlines has none to move
	return context.WithTimeout(c.ctx(), analysisWait)
}

// changed checks a campaign that is not stored as it is: of a merchant that is there, and by the name that the path has.
func (c *call) changed(e *engine.Campaign, faults *engine.Faults) error {
	if _, err := c.api.Store.Merchant(c.ctx(), c.owner); err != nil {
		return err
	}
	if e.MerchantID != "" && e.MerchantID != c.owner {
		faults.Add("campaign.merchant_id", "invalid", "%.64q is not %q, whose campaign this is", e.MerchantID, c.owner)
	}
	if e.ID != "" && e.ID != c.Param("id") {
		faults.Add("campaign.id", "invalid", "%.64q is not %q, which the path names", e.ID, c.Param("id"))
	}
	e.ID, e.MerchantID = c.Param("id"), c.owner
	if !malformed(*faults) {
		*faults = faults.Merge(c.api.Catalog.CheckCampaign(e).Under("campaign"))
	}
	return nil
}
