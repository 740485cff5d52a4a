package wire

import (
	"reflect"

	"github.com/sihai-network/sihai/engine"
)

// Key is an API key. Its secret is told once, by the answer that made it.
type Key struct {
	ID         string   `json:"id,omitempty" readOnly:"true"`
	Role       string   `json:"role" enum:"app,merchant,analyst,operator"`
	MerchantID string   `json:"merchant_id,omitempty" maxLength:"64" doc:"of role merchant only"`
	Note       string   `json:"note,omitempty" maxLength:"200"`
	Partners   []string `json:"partners,omitempty" maxItems:"20" maxLength:"64" doc:"of role app: acquirers that the wallet works with, where a request names none"`
	CreatedAt  string   `json:"created_at,omitempty" readOnly:"true" format:"date-time"`
	RevokedAt  string   `json:"revoked_at,omitempty" readOnly:"true" format:"date-time"`
	Secret     string   `json:"secret,omitempty" readOnly:"true" doc:"told once; only its hash is kept"`
}

var keyPlan = planOf(reflect.TypeFor[Key]())

// DecodeKey reads which key is asked for: role, merchant and note.
func DecodeKey(data []byte) (engine.Key, engine.Faults) {
	var k Key
	faults := bind(data, keyPlan, &k)
	return engine.Key{Role: engine.Role(k.Role), MerchantID: k.MerchantID, Note: k.Note, Partners: k.Partners}, faults
}

// KeyOf returns k as it is sent, with its secret where that is to be told.
func KeyOf(k *engine.Key, secret string) Key {
	return Key{
		ID: k.ID, Role: string(k.Role), MerchantID: k.MerchantID, Note: k.Note, Partners: k.Partners,
		CreatedAt: timeText(k.Created), RevokedAt: timeText(k.Revoked), Secret: secret,
	}
}
