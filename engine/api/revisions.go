package api

import (
	"net/http"
	"strconv"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
)

// campaignRevisions answers GET /v1/campaigns/{id}/revisions. One version more than asked for is read, to compare the last with.
func campaignRevisions(c *call) error {
	p, err := c.page()
	if err != nil {
		return err
	}
	asked := p.Limit
	p.Limit++
	versions, next, err := c.api.Store.CampaignRevisions(c.ctx(), c.owner, c.Param("id"), p)
	if err != nil {
		return err
	}
	list := wire.List[wire.Revision]{Data: []wire.Revision{}}
	for i := range versions[:min(asked, len(versions))] {
		var before *engine.Campaign
		if i+1 < len(versions) {
			before = &versions[i+1]
		}
		list.Data = append(list.Data, wire.RevisionOf(&versions[i], before))
	}
	if len(versions) > asked || next != "" {
		list.NextCursor = cursor(strconv.FormatUint(versions[asked-1].Meta.Version, 10))
	}
	return c.answer(http.StatusOK, list)
}

// revision reads the number of a version off the path. What is no number names no version.
func (c *call) revision() (uint64, error) {
	version, err := strconv.ParseUint(c.Param("version"), 10, 64)
	if err != nil || version == 0 {
		return 0, engine.ErrNotFound
	}
	return version, nil
}

// getRevision answers GET /v1/campaigns/{id}/revisions/{version}.
func getRevision(c *call) error {
	version, err := c.revision()
	if err != nil {
		return err
	}
	e, err := c.api.Store.CampaignRevision(c.ctx(), c.owner, c.Param("id"), version)
	if err != nil {
		return err
	}
	if version == 1 {
		return c.answer(http.StatusOK, wire.RevisionOf(&e, nil))
	}
	before, err := c.api.Store.CampaignRevision(c.ctx(), c.owner, c.Param("id"), version-1)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, wire.RevisionOf(&e, &before))
}

// restoreRevision answers POST /v1/campaigns/{id}/revisions/{version}/restore.
func restoreRevision(c *call) error {
	if err := c.readNothing(); err != nil {
		return err
	}
	w, err := c.conditional()
	if err != nil {
		return err
	}
	version, err := c.revision()
	if err != nil {
		return err
	}
	e, err := c.api.Stager.RestoreCampaign(c.ctx(), w, c.owner, c.Param("id"), version)
	if err != nil {
		return c.pending(err)
	}
	c.published()
	return c.versioned(http.StatusOK, e.Meta.Version, c.campaignOf(&e))
}
