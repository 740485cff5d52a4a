package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// secretPrefix begins a secret, as Standard Webhooks has it.
const secretPrefix = "whsec_"

// secretBytes is how many random bytes a secret has: as many as the hash.
const secretBytes = 32

func newSecret(random io.Reader) (engine.HookSecret, error) {
	var b [secretBytes]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return engine.HookSecret{}, fmt.Errorf("make a secret: %w", err)
	}
	return engine.HookSecret{Secret: secretPrefix + base64.StdEncoding.EncodeToString(b[:])}, nil
}

// inForce returns the secrets that are signed with at a time, newest first.
func inForce(secrets []engine.HookSecret, now time.Time) []engine.HookSecret {
	var out []engine.HookSecret
	for _, s := range secrets {
		if s.Until.IsZero() || now.Before(s.Until) {
			out = append(out, s)
		}
	}
	return out
}

// signature is the value of webhook-signature: for each secret "v1," and the base64 of HMAC-SHA256 over ID, time in seconds since 1970 and body, joined by dots
// (Standard Webhooks 1.0.0, "Signature scheme").
func signature(secrets []engine.HookSecret, id string, at time.Time, body []byte) (string, error) {
	var out []string
	for _, s := range secrets {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(s.Secret, secretPrefix))
		if err != nil {
			return "", fmt.Errorf("read a secret: %w", err)
		}
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(id + "." + strconv.FormatInt(at.Unix(), 10) + "."))
		mac.Write(body)
		out = append(out, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	return strings.Join(out, " "), nil
}
