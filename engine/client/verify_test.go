package client_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine/client"
)

const hookSecret = "whsec_c2VjcmV0LW9mLXRoZS10ZXN0cw=="

// signedBy signs as a server does.
func signedBy(secret []byte, id string, at int64, body string) string {
	mac := hmac.New(sha256.New, secret)
	_, _ = fmt.Fprintf(mac, "%s.%d.%s", id, at, body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func hookHeader(id, at, signature string) http.Header {
	h := http.Header{}
	h.Set("webhook-id", id)
	h.Set("webhook-timestamp", at)
	h.Set("webhook-signature", signature)
	return h
}

func TestVerifyWebhook(t *testing.T) {
	now := time.Unix(1_795_521_600, 0)
	const body = `{"specversion":"1.0","id":"e-1","type":"test","data":{}}`
	good := signedBy([]byte("secret-of-the-tests"), "e-1", now.Unix(), body)
	at := fmt.Sprint(now.Unix())
	for name, c := range map[string]struct {
		header http.Header
		body   string
		after  time.Duration
		secret string
		err    error // nil: it is good
	}{
		"good":                {hookHeader("e-1", at, good), body, 0, hookSecret, nil},
		"second of two":       {hookHeader("e-1", at, "v1,AAAA "+good), body, 0, hookSecret, nil},
		"a bit late":          {hookHeader("e-1", at, good), body, client.Tolerance, hookSecret, nil},
		"too late":            {hookHeader("e-1", at, good), body, client.Tolerance + time.Second, hookSecret, client.ErrSignature},
		"too early":           {hookHeader("e-1", at, good), body, -client.Tolerance - time.Second, hookSecret, client.ErrSignature},
		"other body":          {hookHeader("e-1", at, good), body + " ", 0, hookSecret, client.ErrSignature},
		"other ID":            {hookHeader("e-2", at, good), body, 0, hookSecret, client.ErrSignature},
		"other time":          {hookHeader("e-1", fmt.Sprint(now.Unix()+1), good), body, 0, hookSecret, client.ErrSignature},
		"other secret":        {hookHeader("e-1", at, good), body, 0, "whsec_b3RoZXI=", client.ErrSignature},
		"other version":       {hookHeader("e-1", at, "v2"+good[2:]), body, 0, hookSecret, client.ErrSignature},
		"no signature":        {hookHeader("e-1", at, ""), body, 0, hookSecret, client.ErrSignature},
		"no secret":           {hookHeader("e-1", at, good), body, 0, "whsec_", client.ErrSignature},
		"a secret that is no": {hookHeader("e-1", at, good), body, 0, "whsec_!", client.ErrSignature},
		"nothing":             {http.Header{}, body, 0, hookSecret, client.ErrSignature},
		"a time that is none": {hookHeader("e-1", "+"+at, good), body, 0, hookSecret, client.ErrSignature},
	} {
		e, err := client.VerifyWebhook(c.header, []byte(c.body), now.Add(c.after), c.secret)
		if !errors.Is(err, c.err) || (err == nil) != (c.err == nil) || c.err == nil && (e.ID != "e-1" || e.Type != "test") {
			t.Errorf("%s: %+v %v", name, e, err)
		}
	}
	other := `{"specversion":"1.0","id":"e-9","type":"test"}`
	if _, err := client.VerifyWebhook(hookHeader("e-1", at, signedBy([]byte("secret-of-the-tests"), "e-1", now.Unix(), other)), []byte(other), now, hookSecret); err == nil || errors.Is(err, client.ErrSignature) {
		t.Errorf("a body of another ID: %v", err)
	}
}

// FuzzVerifyWebhook holds that nothing panics, and that nothing passes that was not signed.
func FuzzVerifyWebhook(f *testing.F) {
	const body = `{"specversion":"1.0","id":"e-1","type":"test"}`
	good := signedBy([]byte("secret-of-the-tests"), "e-1", 1_795_521_600, body)
	f.Add("e-1", "1795521600", good, []byte(body), hookSecret)
	f.Add("", "-1", "v1, v1,=", []byte("null"), "whsec_")
	f.Fuzz(func(t *testing.T, id, at, signature string, body []byte, secret string) {
		_, err := client.VerifyWebhook(hookHeader(id, at, signature), body, time.Unix(1_795_521_600, 0), "whsec_dW5ndWVzc2FibGU=", secret)
		if err == nil && secret == "" {
			t.Fatalf("%q passes", signature)
		}
	})
}
