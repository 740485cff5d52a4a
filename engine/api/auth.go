package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"slices"

	"github.com/sihai-network/sihai/engine"
)

// authorise finds whose key a request carries and whether its role may do this. Keys are in the snapshot: no lock and no disk.
func (c *call) authorise() error {
	if c.route.open || len(c.route.roles) == 0 {
		return nil
	}
	if c.api.Local.Role != "" && c.GetHeader("Authorization") == "" {
		c.key = c.api.Local
		return nil
	}
	secret, ok := prefixed(c.GetHeader("Authorization"), "Bearer ")
	if !ok || secret == "" {
		return errNoKey
	}
	snapshot := c.api.Snapshots.Snapshot()
	if snapshot == nil {
		return engine.ErrUnavailable
	}
	hash := sha256.Sum256([]byte(secret))
	key, known := snapshot.Keys[hash]
	if !known || subtle.ConstantTimeCompare(key.Hash[:], hash[:]) != 1 || !key.Revoked.IsZero() {
		return errBadKey
	}
	c.key = key
	if !c.api.limiter.allow(key.ID, c.now) {
		return errRate
	}
	if key.Role != engine.RoleOperator && !slices.Contains(c.route.roles, key.Role) {
		return errForbidden
	}
	return nil
}

// merchant returns whose things a call is about: a merchant's own, or those that an operator names. What a merchant names
// besides its own is not found.
func (c *call) merchant(named string) (string, error) {
	if c.key.Role == engine.RoleMerchant {
		if named != "" && named != c.key.MerchantID {
			return "", engine.ErrNotFound
		}
		return c.key.MerchantID, nil
	}
	if named == "" {
		return "", engine.Faults{{Path: "merchant", Code: "required", Message: "an operator has to say whose: ?merchant=ID"}}
	}
	return named, nil
}
