package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
	"github.com/sihai-network/sihai/scoring"
)

// profileOf returns how profiles are written while one version is the active one.
func (c *call) profileOf() (func(*scoring.Profile) wire.Profile, error) {
	active, err := c.api.Store.ActiveProfile(c.ctx())
	if err != nil && !errors.Is(err, engine.ErrNotFound) {
		return nil, err
	}
	ref := engine.ProfileRef{Name: active.Name, Version: active.Version}
	return func(p *scoring.Profile) wire.Profile { return wire.ProfileOf(p, ref) }, nil
}

// listProfiles answers GET /v1/scoring-profiles: the newest version of each.
func listProfiles(c *call) error {
	of, err := c.profileOf()
	if err != nil {
		return err
	}
	return list(c, c.api.Store.ListProfiles, of)
}

// getProfile answers GET /v1/scoring-profiles/{name}: its newest version.
func getProfile(c *call) error {
	p, err := c.api.Store.Profile(c.ctx(), c.Param("name"), 0)
	if err != nil {
		return err
	}
	of, err := c.profileOf()
	if err != nil {
		return err
	}
	return c.versioned(http.StatusOK, p.Version, of(&p))
}

// getProfileVersion answers GET /v1/scoring-profiles/{name}/versions/{version}.
func getProfileVersion(c *call) error {
	version, err := strconv.ParseUint(c.Param("version"), 10, 64)
	if err != nil || version == 0 {
		return engine.ErrNotFound
	}
	p, err := c.api.Store.Profile(c.ctx(), c.Param("name"), version)
	if err != nil {
		return err
	}
	of, err := c.profileOf()
	if err != nil {
		return err
	}
	return c.versioned(http.StatusOK, p.Version, of(&p))
}

// getBelief answers GET /v1/scoring-profiles/{name}/versions/{version}/belief: the newest, or that of an epoch.
func getBelief(c *call) error {
	version, err := strconv.ParseUint(c.Param("version"), 10, 64)
	if err != nil || version == 0 {
		return engine.ErrNotFound
	}
	epoch := uint64(0)
	if text := c.Query("epoch"); text != "" {
		if epoch, err = strconv.ParseUint(text, 10, 64); err != nil || epoch == 0 {
			var faults engine.Faults
			faults.Add("epoch", "invalid", "%.20q is no number from 1", text)
			return faults
		}
	}
	b, err := c.api.Store.Belief(c.ctx(), engine.ProfileRef{Name: c.Param("name"), Version: version}, epoch)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, wire.BeliefOf(&b))
}

// listProfileVersions answers GET /v1/scoring-profiles/{name}/versions.
func listProfileVersions(c *call) error {
	of, err := c.profileOf()
	if err != nil {
		return err
	}
	return list(c, func(ctx context.Context, p engine.Page) ([]scoring.Profile, string, error) {
		return c.api.Store.ProfileVersions(ctx, c.Param("name"), p)
	}, of)
}

// addProfileVersion answers POST /v1/scoring-profiles/{name}/versions. A version never changes; a change is another version. A model may be larger than
// other bodies.
func addProfileVersion(c *call) error {
	data, err := c.readJSONFile()
	if err != nil {
		return err
	}
	c.fingerprint(data)
	p, faults := wire.DecodeProfile(data)
	if p.Name != "" && p.Name != c.Param("name") {
		faults.Add("name", "invalid", "%.64q is not %q, which the path names", p.Name, c.Param("name"))
	}
	p.Name = c.Param("name")
	w, err := c.conditional()
	if err != nil {
		return err
	}
	if len(faults) > 0 {
		return faults
	}
	p.Author, p.Created = c.key.ID, c.now.UTC()
	p, err = c.api.Catalog.PutProfile(c.ctx(), w, p)
	if err != nil {
		return err
	}
	of, err := c.profileOf()
	if err != nil {
		return err
	}
	return c.versioned(http.StatusCreated, p.Version, of(&p))
}

// activateProfile answers POST /v1/scoring-profiles/{name}/activate.
func activateProfile(c *call) error {
	data, err := c.readBody()
	if err != nil {
		return err
	}
	c.fingerprint(data)
	version, faults := wire.DecodeActivation(data)
	if len(faults) > 0 {
		return faults
	}
	p, err := c.api.Catalog.ActivateProfile(c.ctx(), c.write(), c.Param("name"), version)
	if err != nil {
		return err
	}
	c.published()
	of, err := c.profileOf()
	if err != nil {
		return err
	}
	return c.versioned(http.StatusOK, p.Version, of(&p))
}
