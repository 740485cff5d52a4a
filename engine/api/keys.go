package api

import (
	"net/http"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
)

func keyOf(k *engine.Key) wire.Key { return wire.KeyOf(k, "") }

// listKeys answers GET /v1/keys.
func listKeys(c *call) error {
	return list(c, c.api.Store.ListKeys, keyOf)
}

// createKey answers POST /v1/keys. The secret is in the first answer only: of a repeated idempotency key it is left out, since it is kept nowhere.
func createKey(c *call) error {
	data, err := c.readBody()
	if err != nil {
		return err
	}
	c.fingerprint(data)
	k, faults := wire.DecodeKey(data)
	if len(faults) > 0 {
		return faults
	}
	k, secret, err := c.api.Catalog.CreateKey(c.ctx(), c.write(), k)
	if err != nil {
		return err
	}
	c.published()
	return c.answer(http.StatusCreated, wire.KeyOf(&k, secret))
}

// revokeKey answers DELETE /v1/keys/{id}.
func revokeKey(c *call) error {
	k, err := c.api.Catalog.RevokeKey(c.ctx(), c.write(), c.Param("id"))
	if err != nil {
		return err
	}
	c.published()
	return c.answer(http.StatusOK, keyOf(&k))
}
