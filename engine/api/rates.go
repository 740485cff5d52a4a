package api

import (
	"bytes"
	"fmt"
	"net/http"

	"github.com/sihai-network/sihai/engine/wire"
)

// getRates answers GET /v1/rates.
func getRates(c *call) error {
	book, err := c.api.Store.Rates(c.ctx())
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, wire.RatesStatusOf(book, 0))
}

// putRates answers PUT /v1/rates with the bank's file.
func putRates(c *call) error {
	if kind := mediaType(c.GetHeader("Content-Type")); kind != "" && kind != "text/csv" {
		return fmt.Errorf("%w: rates are text/csv, not %.60s", errMediaType, kind)
	}
	data, err := c.readFile()
	if err != nil {
		return err
	}
	days, err := wire.ReadRates(bytes.NewReader(data))
	if err != nil {
		return err
	}
	changed, err := c.api.Catalog.PutRates(c.ctx(), c.write(), days)
	if err != nil {
		return err
	}
	c.published()
	book, err := c.api.Store.Rates(c.ctx())
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, wire.RatesStatusOf(book, changed))
}
