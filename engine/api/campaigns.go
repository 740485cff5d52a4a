package api

import (
	"errors"
	"net/http"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
)

// campaignOf writes a campaign as it stands now. Where its venues cannot be read, its state is told as far as it is known.
func (c *call) campaignOf(e *engine.Campaign) wire.Campaign {
	out := wire.CampaignOf(e, c.now)
	state, err := c.api.States.State(c.ctx(), e, c.now)
	if err != nil {
		c.fail = errors.Join(c.fail, err)
	}
	out.State = string(state)
	return out
}

// listCampaigns answers GET /v1/campaigns.
func listCampaigns(c *call) error {
	return listOwned(c, c.api.Store.ListCampaigns, c.campaignOf)
}

// getCampaign answers GET /v1/campaigns/{id}.
func getCampaign(c *call) error {
	e, err := c.api.Store.Campaign(c.ctx(), c.owner, c.Param("id"))
	if err != nil {
		return err
	}
	return c.versioned(http.StatusOK, e.Meta.Version, c.campaignOf(&e))
}

// decodeCampaign reads a campaign and tells all its faults. Its merchant is the key's own, or the one that the query or, for an operator, the body names.
func decodeCampaign(c *call) (engine.Campaign, error) {
	data, err := c.readBody()
	if err != nil {
		return engine.Campaign{}, err
	}
	c.fingerprint(data)
	e, faults := wire.DecodeCampaign(data)
	named := c.Query("merchant")
	if named == "" && c.key.Role != engine.RoleMerchant {
		named = e.MerchantID
	}
	merchant, err := c.merchant(named)
	if err != nil {
		return e, err
	}
	if e.MerchantID != "" && e.MerchantID != merchant {
		faults.Add("merchant_id", "invalid", "%.64q is not %q, whose campaign this is", e.MerchantID, merchant)
	}
	e.MerchantID = merchant
	if len(faults) > 0 {
		return e, together(faults, func() engine.Faults { return c.api.Catalog.CheckCampaign(&e) })
	}
	return e, nil
}

// createCampaign answers POST /v1/campaigns.
func createCampaign(c *call) error {
	e, err := decodeCampaign(c)
	if err != nil {
		return err
	}
	w := c.write()
	w.If.Absent = true
	e, err = c.api.Catalog.PutCampaign(c.ctx(), w, e)
	if err != nil {
		return c.pending(err)
	}
	c.published()
	c.Header("Location", "/v1/campaigns/"+e.ID)
	return c.versioned(http.StatusCreated, e.Meta.Version, c.campaignOf(&e))
}

// putCampaign answers PUT /v1/campaigns/{id}.
func putCampaign(c *call) error {
	e, err := decodeCampaign(c)
	if err != nil {
		return err
	}
	w, err := c.conditional()
	if err != nil {
		return err
	}
	if id := c.Param("id"); e.ID != id {
		return mismatch("id", e.ID, id)
	}
	e, err = c.api.Catalog.PutCampaign(c.ctx(), w, e)
	if err != nil {
		return c.pending(err)
	}
	c.published()
	return c.put(e.Meta.Version, c.campaignOf(&e))
}

// setStatus answers POST /v1/campaigns/{id}/enable, disable and archive.
func setStatus(status engine.Status) func(*call) error {
	return func(c *call) error {
		merchant, err := c.merchant(c.Query("merchant"))
		if err != nil {
			return err
		}
		if err := c.readNothing(); err != nil {
			return err
		}
		w, err := c.conditional()
		if err != nil {
			return err
		}
		e, err := c.api.Catalog.SetStatus(c.ctx(), w, merchant, c.Param("id"), status)
		if err != nil {
			return c.pending(err)
		}
		c.published()
		return c.versioned(http.StatusOK, e.Meta.Version, c.campaignOf(&e))
	}
}
