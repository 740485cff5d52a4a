package wire

import (
	"time"

	"github.com/sihai-network/sihai/engine"
)

// Text is one text in several languages: BCP 47 tag → wording.
type Text map[string]string

// Money is an amount in minor units of its currency.
type Money struct {
	Amount   int64  `json:"amount" doc:"in minor units by the currency's own exponent: 1250 is 12.50 USD, and 1250 JPY"`
	Currency string `json:"currency" maxLength:"3" doc:"ISO 4217 code" example:"USD"`
}

func (m *Money) engine() engine.Money {
	if m == nil {
		return engine.Money{}
	}
	return engine.Money{Amount: m.Amount, Currency: m.Currency}
}

func moneyOf(m engine.Money) *Money {
	if m.IsZero() {
		return nil
	}
	return &Money{m.Amount, m.Currency}
}

// Meta is what the store says of a resource. It is in answers only.
type Meta struct {
	Version   uint64 `json:"version,omitempty" readOnly:"true" doc:"grows by one with every change; also the ETag"`
	CreatedAt string `json:"created_at,omitempty" readOnly:"true" format:"date-time"`
	UpdatedAt string `json:"updated_at,omitempty" readOnly:"true" format:"date-time"`
	UpdatedBy string `json:"updated_by,omitempty" readOnly:"true" doc:"ID of the API key that made this version"`
}

func metaOf(m engine.Meta) Meta {
	return Meta{Version: m.Version, CreatedAt: timeText(m.Created), UpdatedAt: timeText(m.Updated), UpdatedBy: m.By}
}

// timeText writes an instant by RFC 3339 with its offset; empty for the zero one.
func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339Nano)
}

// engine returns t as the engine's; nil for an empty one.
func (t Text) engine() engine.Text {
	if len(t) == 0 {
		return nil
	}
	return engine.Text(t)
}
