package catalog

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/sihai-network/sihai/engine"
)

// SecretPrefix begins every secret that CreateKey makes, so that scanners know one that has leaked.
const SecretPrefix = "sk_"

// HashSecret returns the hash under which a key is stored: SHA-256 of the whole secret, its prefix included.
func HashSecret(secret string) [32]byte { return sha256.Sum256([]byte(secret)) }

// CreateKey makes a key for the role, merchant and note of k, with a secret of 256 random bits that is returned here and
// kept nowhere. Where w.Once was used before, the key made then is returned and the secret is empty.
func (s *Service) CreateKey(ctx context.Context, w engine.Write, k engine.Key) (engine.Key, string, error) {
	if err := s.checkKey(ctx, &k); err != nil {
		return engine.Key{}, "", err
	}
	var random [32]byte
	if _, err := io.ReadFull(s.random, random[:]); err != nil {
		return engine.Key{}, "", fmt.Errorf("create key: read randomness: %w", err)
	}
	secret := SecretPrefix + base64.RawURLEncoding.EncodeToString(random[:])
	created, err := s.putKey(ctx, w, k, secret)
	if err != nil {
		return engine.Key{}, "", fmt.Errorf("create key: %w", err)
	}
	if created.Hash != HashSecret(secret) {
		return created, "", nil
	}
	return created, secret, nil
}

// ImportKey makes a key of a secret that the caller brings, 20 to 200 bytes long, such as that of a first operator. A key
// of that secret that is there already is returned as it is; one that was revoked is a fault.
func (s *Service) ImportKey(ctx context.Context, w engine.Write, k engine.Key, secret string) (engine.Key, error) {
	var c checker
	if len(secret) < MinSecret || len(secret) > MaxSecret {
		c.add("secret", "out_of_range", "a secret has %d to %d characters, not %d", MinSecret, MaxSecret, len(secret))
	}
	err := s.checkKey(ctx, &k)
	var faults engine.Faults
	if err != nil && !errors.As(err, &faults) {
		return engine.Key{}, err
	}
	if faults = append(c.faults, faults...); len(faults) > 0 {
		return engine.Key{}, faults
	}

	known, err := s.store.KeyByHash(ctx, HashSecret(secret))
	switch {
	case errors.Is(err, engine.ErrNotFound):
	case err != nil:
		return engine.Key{}, fmt.Errorf("import key: %w", err)
	case !known.Revoked.IsZero():
		c.add("secret", "invalid", "the key %s of this secret was revoked", known.ID)
		return engine.Key{}, c.faults
	default:
		return known, nil
	}
	created, err := s.putKey(ctx, w, k, secret)
	if err != nil {
		return engine.Key{}, fmt.Errorf("import key: %w", err)
	}
	return created, nil
}

// putKey stores k under a new ID and the hash of its secret.
func (s *Service) putKey(ctx context.Context, w engine.Write, k engine.Key, secret string) (engine.Key, error) {
	var random [8]byte
	if _, err := io.ReadFull(s.random, random[:]); err != nil {
		return engine.Key{}, fmt.Errorf("read randomness: %w", err)
	}
	k.ID = "key_" + hex.EncodeToString(random[:])
	k.Hash = HashSecret(secret)
	k.Created = w.At
	return s.store.PutKey(ctx, w, k)
}

// checkKey returns Faults with everything that is wrong with role, merchant and note.
func (s *Service) checkKey(ctx context.Context, k *engine.Key) error {
	var c checker
	among(&c, "role", k.Role, engine.RoleApp, engine.RoleMerchant, engine.RoleAnalyst, engine.RoleOperator)
	switch {
	case k.Role != engine.RoleMerchant && k.MerchantID != "":
		c.add("merchant_id", "invalid", "only a key of the role merchant belongs to one")
	case k.Role == engine.RoleMerchant:
		before := len(c.faults)
		c.id("merchant_id", k.MerchantID)
		if len(c.faults) > before {
			break
		}
		_, err := s.store.Merchant(ctx, k.MerchantID)
		if errors.Is(err, engine.ErrNotFound) {
			c.add("merchant_id", "unknown_merchant", "there is no merchant %s", k.MerchantID)
		} else if err != nil {
			return err
		}
	}
	c.partners(k.Partners, s.partners)
	if k.Role != engine.RoleApp && len(k.Partners) > 0 {
		c.add("partners", "invalid", "only a key of the role app says which partners the wallet works with")
	}
	if !utf8.ValidString(k.Note) {
		c.add("note", "invalid", "a note is text in UTF-8")
	} else if utf8.RuneCountInString(k.Note) > MaxKeyNote {
		c.add("note", "too_long", "a note has at most %d characters", MaxKeyNote)
	}
	return c.faults.Err()
}

// RevokeKey puts a key out of force.
func (s *Service) RevokeKey(ctx context.Context, w engine.Write, id string) (engine.Key, error) {
	return s.store.RevokeKey(ctx, w, id)
}
