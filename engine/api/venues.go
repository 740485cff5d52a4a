package api

import (
	"net/http"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
)

// listVenues answers GET /v1/merchants/{merchant}/venues.
func listVenues(c *call) error {
	merchant, err := c.merchant(c.Param("merchant"))
	if err != nil {
		return err
	}
	p, err := c.page()
	if err != nil {
		return err
	}
	if _, err := c.api.Store.Merchant(c.ctx(), merchant); err != nil {
		return err
	}
	items, next, err := c.api.Store.ListVenues(c.ctx(), merchant, p)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, wire.ListOf(items, cursor(next), wire.VenueOf))
}

// getVenue answers GET /v1/merchants/{merchant}/venues/{id}.
func getVenue(c *call) error {
	merchant, err := c.merchant(c.Param("merchant"))
	if err != nil {
		return err
	}
	v, err := c.api.Store.Venue(c.ctx(), merchant, c.Param("id"))
	if err != nil {
		return err
	}
	return c.versioned(http.StatusOK, v.Meta.Version, wire.VenueOf(&v))
}

// decodeVenue reads a venue of the path's merchant and tells all its faults.
func decodeVenue(c *call) (engine.Venue, error) {
	merchant, err := c.merchant(c.Param("merchant"))
	if err != nil {
		return engine.Venue{}, err
	}
	data, err := c.readBody()
	if err != nil {
		return engine.Venue{}, err
	}
	c.fingerprint(data)
	v, faults := wire.DecodeVenue(data)
	if v.MerchantID != "" && v.MerchantID != merchant {
		faults.Add("merchant_id", "invalid", "%.64q is not %q, which the path names", v.MerchantID, merchant)
	}
	v.MerchantID = merchant
	if len(faults) > 0 {
		return v, together(faults, func() engine.Faults { return c.api.Catalog.CheckVenue(&v) })
	}
	return v, nil
}

// createVenue answers POST /v1/merchants/{merchant}/venues.
func createVenue(c *call) error {
	v, err := decodeVenue(c)
	if err != nil {
		return err
	}
	w := c.write()
	w.If.Absent = true
	v, err = c.api.Catalog.PutVenue(c.ctx(), w, v)
	if err != nil {
		return err
	}
	c.published()
	c.Header("Location", "/v1/merchants/"+v.MerchantID+"/venues/"+v.ID)
	return c.versioned(http.StatusCreated, v.Meta.Version, wire.VenueOf(&v))
}

// putVenue answers PUT /v1/merchants/{merchant}/venues/{id}.
func putVenue(c *call) error {
	v, err := decodeVenue(c)
	if err != nil {
		return err
	}
	w, err := c.conditional()
	if err != nil {
		return err
	}
	if id := c.Param("id"); v.ID != id {
		return mismatch("id", v.ID, id)
	}
	v, err = c.api.Catalog.PutVenue(c.ctx(), w, v)
	if err != nil {
		return err
	}
	c.published()
	return c.put(v.Meta.Version, wire.VenueOf(&v))
}

// deleteVenue answers DELETE /v1/merchants/{merchant}/venues/{id}.
func deleteVenue(c *call) error {
	merchant, err := c.merchant(c.Param("merchant"))
	if err != nil {
		return err
	}
	w, err := c.conditional()
	if err != nil {
		return err
	}
	if err := c.api.Catalog.DeleteVenue(c.ctx(), w, merchant, c.Param("id")); err != nil {
		return err
	}
	c.published()
	c.Status(http.StatusNoContent)
	c.Writer.WriteHeaderNow()
	return nil
}
