package client

import (
	"context"
	"io"
	"net/http"
	"net/url"

	"github.com/sihai-network/sihai/engine/wire"
)

// Days are those of a report: dates such as 2026-11-24, the end exclusive; empty: the last 28 days.
type Days struct{ From, Until string }

func (d Days) query(merchant string) url.Values {
	q := Page{}.query(merchant)
	if d.From != "" {
		q.Set("from", d.From)
	}
	if d.Until != "" {
		q.Set("until", d.Until)
	}
	return q
}

// CampaignReport says what a campaign won, and why it was not shown; an empty merchant is the key's own.
func (c *Client) CampaignReport(ctx context.Context, merchant, campaign string, d Days) (r wire.Report, err error) {
	err = c.send(ctx, http.MethodGet, "/v1/campaigns/"+url.PathEscape(campaign)+"/report", d.query(merchant), nil, &r)
	return r, err
}

// MerchantReport says what a merchant's campaigns won, and why they were not shown.
func (c *Client) MerchantReport(ctx context.Context, merchant string, d Days) (r wire.Report, err error) {
	err = c.send(ctx, http.MethodGet, "/v1/merchants/"+url.PathEscape(merchant)+"/report", d.query(""), nil, &r)
	return r, err
}

// Forecast says what a campaign would win; an empty merchant is the key's own.
func (c *Client) Forecast(ctx context.Context, merchant, campaign string, f wire.ForecastRequest) (out wire.Forecast, err error) {
	err = c.send(ctx, http.MethodPost, "/v1/campaigns/"+url.PathEscape(campaign)+"/forecast", Page{}.query(merchant), f, &out)
	return out, err
}

// Evaluate says how well profiles order the offers of which it is known what came of them.
func (c *Client) Evaluate(ctx context.Context, r wire.EvaluationRequest) (out wire.Evaluation, err error) {
	err = c.send(ctx, http.MethodPost, "/v1/evaluations", nil, r, &out)
	return out, err
}

// Simulate says what a profile would change in the last decisions.
func (c *Client) Simulate(ctx context.Context, r wire.SimulationRequest) (out wire.Simulation, err error) {
	err = c.send(ctx, http.MethodPost, "/v1/simulations", nil, r, &out)
	return out, err
}

// DatasetQuery says which part of the log is asked for as a data set. An empty member is left to the server.
type DatasetQuery struct {
	From, Until           string // RFC 3339
	Label, Currency, Seen string
}

// Dataset returns the log as a data set, a list of offers as a line of JSON, see wire.DatasetDecision. The caller closes it.
func (c *Client) Dataset(ctx context.Context, d DatasetQuery) (io.ReadCloser, error) {
	q := url.Values{}
	for name, value := range map[string]string{"from": d.From, "until": d.Until, "label": d.Label, "currency": d.Currency, "seen": d.Seen} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return c.stream(ctx, request{method: http.MethodGet, path: "/v1/evaluations/dataset", query: q})
}
