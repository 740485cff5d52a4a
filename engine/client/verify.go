package client

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/sihai-network/sihai/engine/wire"
)

// ErrSignature is returned for a webhook's request that was not signed with any of the secrets, or not lately: it is to be refused.
var ErrSignature = errors.New("webhook is not signed by this server")

// Tolerance is how far the time of a request may be from now: an older one may be a request that somebody has kept.
const Tolerance = 5 * time.Minute

// VerifyWebhook checks a request that came to a webhook and returns the event in it. secrets are those that the webhook has, or had until lately:
// one that matches is enough. body is the request's, byte by byte. The error is ErrSignature when the request is not to be trusted, and another one for a
// body that is no event. The same event may come more than once: its ID tells.
//
//	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
//	…
//	event, err := client.VerifyWebhook(r.Header, body, time.Now(), secret)
//	if err != nil {
//		http.Error(w, "not signed", http.StatusUnauthorized)
//		return
//	}
func VerifyWebhook(header http.Header, body []byte, now time.Time, secrets ...string) (wire.CloudEvent, error) {
	id, at := header.Get("webhook-id"), header.Get("webhook-timestamp")
	sent, ok := timestamp(at)
	if id == "" || !ok {
		return wire.CloudEvent{}, fmt.Errorf("%w: webhook-id or webhook-timestamp is missing", ErrSignature)
	}
	if age := now.Sub(sent); age > Tolerance || age < -Tolerance {
		return wire.CloudEvent{}, fmt.Errorf("%w: it is of %s", ErrSignature, sent.UTC().Format(time.RFC3339))
	}
	if !signed(id+"."+at+".", body, header.Get("webhook-signature"), secrets) {
		return wire.CloudEvent{}, fmt.Errorf("%w: no signature matches", ErrSignature)
	}
	var e wire.CloudEvent
	if err := json.Unmarshal(body, &e); err != nil {
		return e, fmt.Errorf("read event: %w", err)
	}
	if e.SpecVersion != "1.0" || e.ID != id || e.Type == "" {
		return e, errors.New("read event: it is no CloudEvent of its webhook-id")
	}
	return e, nil
}

// signed reports whether one of the signatures is one of the secrets'. Each is compared in constant time.
func signed(head string, body []byte, signatures string, secrets []string) bool {
	found := false
	for _, secret := range secrets {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		if err != nil || len(key) == 0 {
			continue
		}
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(head))
		mac.Write(body)
		want := mac.Sum(nil)
		for part := range strings.FieldsSeq(signatures) {
			version, text, _ := strings.Cut(part, ",")
			got, err := base64.StdEncoding.DecodeString(text)
			if version == "v1" && err == nil && hmac.Equal(got, want) {
				found = true
			}
		}
	}
	return found
}
