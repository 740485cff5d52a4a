package client

import (
	"context"
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
