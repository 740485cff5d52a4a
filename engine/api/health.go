package api

import (
	"fmt"
	"net/http"

	"github.com/sihai-network/sihai/engine"
)

// Health says that a server lives, or is ready.
type Health struct {
	Status         string `json:"status" enum:"ok"`
	CatalogVersion uint64 `json:"catalog_version,omitempty" doc:"of the published snapshot; of /readyz"`
}

// healthz answers GET /healthz: the process lives.
func healthz(c *call) error { return c.answer(http.StatusOK, Health{Status: "ok"}) }

// readyz answers GET /readyz: there is a snapshot to decide on, and the server is not going down.
func readyz(c *call) error {
	snapshot := c.api.Snapshots.Snapshot()
	if snapshot == nil {
		return fmt.Errorf("%w: no snapshot yet", engine.ErrUnavailable)
	}
	if c.api.draining.Load() {
		return fmt.Errorf("%w: going down", engine.ErrUnavailable)
	}
	return c.answer(http.StatusOK, Health{Status: "ok", CatalogVersion: snapshot.Version})
}

// openAPI answers GET /openapi.json.
func openAPI(c *call) error {
	c.Data(http.StatusOK, "application/json", document)
	return nil
}
