package wire

import (
	"reflect"

	"github.com/sihai-network/sihai/engine"
)

// Merchant is the tenant.
type Merchant struct {
	ID       string `json:"id" maxLength:"64" doc:"unique in the store: letters, digits and . _ : -, beginning with a letter or digit" example:"m-7"`
	Name     Text   `json:"name" doc:"BCP 47 tag → name"`
	Approval string `json:"approval,omitempty" enum:"second_key" doc:"second_key: what one key of the merchant changes of a campaign waits until another key of the merchant approves it; disabling does not. Only an operator takes it back"`
	Meta
}

var merchantPlan = planOf(reflect.TypeFor[Merchant]())

// DecodeMerchant reads a merchant. The faults are all there are; the merchant holds what could be read.
func DecodeMerchant(data []byte) (engine.Merchant, engine.Faults) {
	var m Merchant
	faults := bind(data, merchantPlan, &m)
	return engine.Merchant{ID: m.ID, Name: m.Name.engine(), Approval: engine.Approval(m.Approval)}, faults
}

// MerchantOf returns m as it is sent.
func MerchantOf(m *engine.Merchant) Merchant {
	return Merchant{ID: m.ID, Name: Text(m.Name), Approval: string(m.Approval), Meta: metaOf(m.Meta)}
}
