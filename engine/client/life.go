package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/sihai-network/sihai/engine/wire"
)

// Pending is the error of a write that was taken and waits for the approval of another key.
type Pending struct{ Change wire.Change }

// Error names the change.
func (p *Pending) Error() string {
	return "change " + p.Change.ID + " of campaign " + p.Change.CampaignID + " waits for the approval of another key"
}

func campaignPath(id string) string { return "/v1/campaigns/" + url.PathEscape(id) }

// SetStatus enables, disables or archives a campaign: verb is one of these words. An empty merchant is the key's own. Its error is *Pending where another key has to approve.
func (c *Client) SetStatus(ctx context.Context, merchant, id, verb string) (out wire.Campaign, err error) {
	err = c.send(ctx, http.MethodPost, campaignPath(id)+"/"+url.PathEscape(verb), Page{}.query(merchant), nil, &out)
	return out, err
}

// Revisions lists the versions of a campaign, newest first.
func (c *Client) Revisions(ctx context.Context, merchant, id string, p Page) (l wire.List[wire.Revision], err error) {
	err = c.send(ctx, http.MethodGet, campaignPath(id)+"/revisions", p.query(merchant), nil, &l)
	return l, err
}

// Revision returns a version of a campaign.
func (c *Client) Revision(ctx context.Context, merchant, id string, version uint64) (out wire.Revision, err error) {
	err = c.send(ctx, http.MethodGet, campaignPath(id)+"/revisions/"+strconv.FormatUint(version, 10), Page{}.query(merchant), nil, &out)
	return out, err
}

// Restore makes an earlier version of a campaign the next one. Its error is *Pending where another key has to approve.
func (c *Client) Restore(ctx context.Context, merchant, id string, version uint64) (out wire.Campaign, err error) {
	err = c.send(ctx, http.MethodPost, campaignPath(id)+"/revisions/"+strconv.FormatUint(version, 10)+"/restore", Page{}.query(merchant), nil, &out)
	return out, err
}

// StageChange asks for a change of a campaign at a moment.
func (c *Client) StageChange(ctx context.Context, merchant, id string, change wire.Change) (out wire.Change, err error) {
	err = c.send(ctx, http.MethodPost, campaignPath(id)+"/changes", Page{}.query(merchant), change, &out)
	return out, err
}

// Changes lists the changes of a campaign, or of all of a merchant's for an empty one, in a state, or in any for an empty one, oldest first.
func (c *Client) Changes(ctx context.Context, merchant, campaign, state string, p Page) (l wire.List[wire.Change], err error) {
	path, query := "/v1/changes", p.query(merchant)
	if campaign != "" {
		path = campaignPath(campaign) + "/changes"
	}
	if state != "" {
		query.Set("state", state)
	}
	err = c.send(ctx, http.MethodGet, path, query, nil, &l)
	return l, err
}

// Change returns a change with what it would change now.
func (c *Client) Change(ctx context.Context, merchant, id string) (out wire.Change, err error) {
	err = c.send(ctx, http.MethodGet, "/v1/changes/"+url.PathEscape(id), Page{}.query(merchant), nil, &out)
	return out, err
}

// SettleChange approves, rejects or cancels a change: verb is approve, reject or cancel.
func (c *Client) SettleChange(ctx context.Context, merchant, id, verb, note string) (out wire.Change, err error) {
	err = c.send(ctx, http.MethodPost, "/v1/changes/"+url.PathEscape(id)+"/"+url.PathEscape(verb), Page{}.query(merchant), wire.Word{Note: note}, &out)
	return out, err
}

// AuditEntries lists who did what to a merchant and what it owns, newest first; for an operator and an empty merchant to what no merchant owns.
func (c *Client) AuditEntries(ctx context.Context, merchant string, p Page) (l wire.List[wire.AuditEntry], err error) {
	err = c.send(ctx, http.MethodGet, "/v1/audit", p.query(merchant), nil, &l)
	return l, err
}

// Merchant returns a merchant.
func (c *Client) Merchant(ctx context.Context, id string) (out wire.Merchant, err error) {
	err = c.send(ctx, http.MethodGet, "/v1/merchants/"+url.PathEscape(id), nil, nil, &out)
	return out, err
}
