package decision

import (
	"sort"

	"github.com/sihai-network/sihai/engine"
)

// exchange converts money by one day's reference rates. The zero value knows no rate.
type exchange struct {
	engine.Exchange
	source *engine.RateDay // of the day, within the history; nil: none
}

// exchangeOn returns the exchange by the rates in force on a day.
func exchangeOn(rates engine.Rates, d engine.Date) exchange {
	day, known := rates.At(d)
	if !known {
		return exchange{}
	}
	at := sort.Search(len(rates), func(i int) bool { return !rates[i].Date.Before(day.Date) })
	return exchange{Exchange: engine.NewExchange(day), source: &rates[at]}
}
