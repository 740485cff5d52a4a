package client

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
)

// Decide asks for ranked offers.
func (c *Client) Decide(ctx context.Context, r wire.Request) (d wire.Decision, err error) {
	err = c.send(ctx, http.MethodPost, "/v1/decisions", nil, r, &d)
	return d, err
}

// Decision returns a recorded decision.
func (c *Client) Decision(ctx context.Context, id string) (d wire.Decision, err error) {
	err = c.send(ctx, http.MethodGet, "/v1/decisions/"+url.PathEscape(id), nil, nil, &d)
	return d, err
}

// TakeEvents reports what travellers did.
func (c *Client) TakeEvents(ctx context.Context, events ...wire.Event) error {
	return c.send(ctx, http.MethodPost, "/v1/events", nil, wire.Events{Events: events}, nil)
}

// Merchants lists merchants.
func (c *Client) Merchants(ctx context.Context, p Page) (l wire.List[wire.Merchant], err error) {
	err = c.send(ctx, http.MethodGet, "/v1/merchants", p.query(""), nil, &l)
	return l, err
}

// PutMerchant makes or replaces a merchant.
func (c *Client) PutMerchant(ctx context.Context, m wire.Merchant) (out wire.Merchant, err error) {
	err = c.send(ctx, http.MethodPut, "/v1/merchants/"+url.PathEscape(m.ID), nil, m, &out)
	return out, err
}

// Venues lists a merchant's venues.
func (c *Client) Venues(ctx context.Context, merchant string, p Page) (l wire.List[wire.Venue], err error) {
	err = c.send(ctx, http.MethodGet, "/v1/merchants/"+url.PathEscape(merchant)+"/venues", p.query(""), nil, &l)
	return l, err
}

// PutVenue makes or replaces a venue of v.MerchantID.
func (c *Client) PutVenue(ctx context.Context, v wire.Venue) (out wire.Venue, err error) {
	err = c.send(ctx, http.MethodPut, "/v1/merchants/"+url.PathEscape(v.MerchantID)+"/venues/"+url.PathEscape(v.ID), nil, v, &out)
	return out, err
}

// Campaigns lists a merchant's campaigns; an empty merchant is the key's own.
func (c *Client) Campaigns(ctx context.Context, merchant string, p Page) (l wire.List[wire.Campaign], err error) {
	err = c.send(ctx, http.MethodGet, "/v1/campaigns", p.query(merchant), nil, &l)
	return l, err
}

// Campaign returns a campaign; an empty merchant is the key's own.
func (c *Client) Campaign(ctx context.Context, merchant, id string) (out wire.Campaign, err error) {
	err = c.send(ctx, http.MethodGet, "/v1/campaigns/"+url.PathEscape(id), Page{}.query(merchant), nil, &out)
	return out, err
}

// PutCampaign makes or replaces a campaign of e.MerchantID.
func (c *Client) PutCampaign(ctx context.Context, e wire.Campaign) (out wire.Campaign, err error) {
	err = c.send(ctx, http.MethodPut, "/v1/campaigns/"+url.PathEscape(e.ID), Page{}.query(e.MerchantID), e, &out)
	return out, err
}

// Upload says what a file holds and what is to become of it.
type Upload struct {
	Merchant string // empty: the key's own
	Kind     string // venues or campaigns
	Format   string // ndjson, csv or geojson
	DryRun   bool
	Partial  bool
	Prune    bool // the file is all there is: end what it does not name
	// PruneShare is the share of what there is above which Prune refuses; 0: the server's own.
	PruneShare float64
	Async      bool // answer once the file is kept; ImportReport tells how far it is
	Feed       engine.FeedOptions
}

var mediaTypes = map[string]string{"ndjson": "application/x-ndjson", "csv": "text/csv", "geojson": "application/geo+json"}

// Import uploads a file as it is read. A file with faulty rows is a *Problem with the report, unless u is partial or a dry run.
func (c *Client) Import(ctx context.Context, u Upload, src io.Reader) (report wire.Import, err error) {
	q := Page{}.query(u.Merchant)
	q.Set("kind", u.Kind)
	q.Set("format", u.Format)
	if u.DryRun {
		q.Set("dry_run", "true")
	}
	if u.Partial {
		q.Set("partial", "true")
	}
	if u.Prune {
		q.Set("prune", "true")
	}
	if u.PruneShare != 0 {
		q.Set("prune_share", strconv.FormatFloat(u.PruneShare, 'g', -1, 64))
	}
	if u.Async {
		q.Set("async", "true")
	}
	for name, value := range map[string]string{"delimiter": u.Feed.Delimiter, "encoding": u.Feed.Encoding, "decimal": u.Feed.Decimal, "language": u.Feed.Language} {
		if value != "" {
			q.Set(name, value)
		}
	}
	err = c.do(ctx, request{method: http.MethodPost, path: "/v1/imports", query: q, kind: mediaTypes[u.Format], body: src}, &report)
	return report, err
}

// Imports lists a merchant's uploads that are on record, oldest first; an empty merchant is the key's own.
func (c *Client) Imports(ctx context.Context, merchant string, p Page) (l wire.List[wire.Import], err error) {
	err = c.send(ctx, http.MethodGet, "/v1/imports", p.query(merchant), nil, &l)
	return l, err
}

// ImportReport tells how far an upload is, or what came of it; an empty merchant is the key's own.
func (c *Client) ImportReport(ctx context.Context, merchant, id string) (report wire.Import, err error) {
	err = c.send(ctx, http.MethodGet, "/v1/imports/"+url.PathEscape(id), Page{}.query(merchant), nil, &report)
	return report, err
}

// CancelImport calls an upload off that was answered before it was read; a *Problem with the code ended when it is too late.
func (c *Client) CancelImport(ctx context.Context, merchant, id string) (report wire.Import, err error) {
	err = c.send(ctx, http.MethodDelete, "/v1/imports/"+url.PathEscape(id), Page{}.query(merchant), nil, &report)
	return report, err
}

// Rates tells what reference rates there are.
func (c *Client) Rates(ctx context.Context) (s wire.RatesStatus, err error) {
	err = c.send(ctx, http.MethodGet, "/v1/rates", nil, nil, &s)
	return s, err
}

// PutRates adds reference rates from a file of the European Central Bank's format.
func (c *Client) PutRates(ctx context.Context, src io.Reader) (s wire.RatesStatus, err error) {
	err = c.do(ctx, request{method: http.MethodPut, path: "/v1/rates", kind: "text/csv", body: src}, &s)
	return s, err
}

// Keys lists API keys.
func (c *Client) Keys(ctx context.Context, p Page) (l wire.List[wire.Key], err error) {
	err = c.send(ctx, http.MethodGet, "/v1/keys", p.query(""), nil, &l)
	return l, err
}

// CreateKey makes a key of k's role, merchant and note; the answer holds its secret.
func (c *Client) CreateKey(ctx context.Context, k wire.Key) (out wire.Key, err error) {
	err = c.send(ctx, http.MethodPost, "/v1/keys", nil, k, &out)
	return out, err
}

// RevokeKey revokes a key.
func (c *Client) RevokeKey(ctx context.Context, id string) (out wire.Key, err error) {
	err = c.send(ctx, http.MethodDelete, "/v1/keys/"+url.PathEscape(id), nil, nil, &out)
	return out, err
}

// Profiles lists the newest version of each scoring profile.
func (c *Client) Profiles(ctx context.Context, p Page) (l wire.List[wire.Profile], err error) {
	err = c.send(ctx, http.MethodGet, "/v1/scoring-profiles", p.query(""), nil, &l)
	return l, err
}

// AddProfile adds a version to the profile of p's name.
func (c *Client) AddProfile(ctx context.Context, p wire.Profile) (out wire.Profile, err error) {
	err = c.send(ctx, http.MethodPost, "/v1/scoring-profiles/"+url.PathEscape(p.Name)+"/versions", nil, p, &out)
	return out, err
}

// ActivateProfile makes a version the active one; 0 is the newest.
func (c *Client) ActivateProfile(ctx context.Context, name string, version uint64) (out wire.Profile, err error) {
	err = c.send(ctx, http.MethodPost, "/v1/scoring-profiles/"+url.PathEscape(name)+"/activate", nil, wire.Activation{Version: version}, &out)
	return out, err
}
