package api

import (
	"net/http"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
)

// listVenues answers GET /v1/merchants/{merchant}/venues.
func listVenues(c *call) error {
	return listOwned(c, c.api.Store.ListVenues, wire.VenueOf)
}

// getVenue answers GET /v1/merchants/{merchant}/venues/{id}.
func getVenue(c *call) error {
	v, err := c.api.Store.Venue(c.ctx(), c.owner, c.Param("id"))
	if err != nil {
		return err
	}
	return c.versioned(http.StatusOK, v.Meta.Version, wire.VenueOf(&v))
}

// decodeVenue reads a venue of the path's merchant and tells all its faults.
func decodeVenue(c *call) (engine.Venue, error) {
	data, err := c.readBody()
	if err != nil {
		return engine.Venue{}, err
	}
	c.fingerprint(data)
	v, faults := wire.DecodeVenue(data)
	if v.MerchantID != "" && v.MerchantID != c.owner {
		faults.Add("merchant_id", "invalid", "%.64q is not %q, which the path names", v.MerchantID, c.owner)
	}
	v.MerchantID = c.owner
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
	w, err := c.conditional()
	if err != nil {
		return err
	}
	if err := c.api.Catalog.DeleteVenue(c.ctx(), w, c.owner, c.Param("id")); err != nil {
		return err
	}
	c.published()
	c.Status(http.StatusNoContent)
	c.Writer.WriteHeaderNow()
	return nil
}
