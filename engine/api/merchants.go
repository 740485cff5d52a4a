package api

import (
	"net/http"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
)

// listMerchants answers GET /v1/merchants: all for an operator, its own for a merchant.
func listMerchants(c *call) error {
	if c.key.Role == engine.RoleMerchant {
		if _, err := c.page(); err != nil {
			return err
		}
		m, err := c.api.Store.Merchant(c.ctx(), c.key.MerchantID)
		if err != nil {
			return err
		}
		return c.answer(http.StatusOK, wire.ListOf([]engine.Merchant{m}, "", wire.MerchantOf))
	}
	return list(c, c.api.Store.ListMerchants, wire.MerchantOf)
}

// getMerchant answers GET /v1/merchants/{merchant}.
func getMerchant(c *call) error {
	m, err := c.api.Store.Merchant(c.ctx(), c.owner)
	if err != nil {
		return err
	}
	return c.versioned(http.StatusOK, m.Meta.Version, wire.MerchantOf(&m))
}

// decodeMerchant reads a merchant's body and tells all its faults.
func decodeMerchant(c *call) (engine.Merchant, error) {
	data, err := c.readBody()
	if err != nil {
		return engine.Merchant{}, err
	}
	c.fingerprint(data)
	m, faults := wire.DecodeMerchant(data)
	if len(faults) > 0 {
		return m, together(faults, func() engine.Faults { return c.api.Catalog.CheckMerchant(&m) })
	}
	return m, nil
}

// createMerchant answers POST /v1/merchants.
func createMerchant(c *call) error {
	m, err := decodeMerchant(c)
	if err != nil {
		return err
	}
	w := c.write()
	w.If.Absent = true
	m, err = c.api.Catalog.PutMerchant(c.ctx(), w, m)
	if err != nil {
		return err
	}
	c.published()
	c.Header("Location", "/v1/merchants/"+m.ID)
	return c.versioned(http.StatusCreated, m.Meta.Version, wire.MerchantOf(&m))
}

// putMerchant answers PUT /v1/merchants/{merchant}. A merchant may change its own, and make none.
func putMerchant(c *call) error {
	m, err := decodeMerchant(c)
	if err != nil {
		return err
	}
	w, err := c.conditional()
	if err != nil {
		return err
	}
	if m.ID != c.owner {
		return mismatch("id", m.ID, c.owner)
	}
	m, err = c.api.Catalog.PutMerchant(c.ctx(), w, m)
	if err != nil {
		return err
	}
	c.published()
	return c.put(m.Meta.Version, wire.MerchantOf(&m))
}

// mismatch tells that a member of the body is not what the path says.
func mismatch(path, got, want string) error {
	var faults engine.Faults
	faults.Add(path, "invalid", "%.64q is not %q, which the path names", got, want)
	return faults
}
