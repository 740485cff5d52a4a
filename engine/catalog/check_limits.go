package catalog

import (
	"time"

	"github.com/sihai-network/sihai/engine"
)

func (k *checker) budgets(budgets []engine.Budget) {
	if !k.count("budgets", len(budgets), MaxBudgets) {
		return
	}
	type kind struct {
		metric   engine.Metric
		currency string
		period   engine.Period
		per      engine.Scope
	}
	seen := make(map[kind]int, len(budgets))
	for i, b := range budgets {
		path := at("budgets", i)
		among(k, path+".metric", b.Metric, engine.MetricSpend, engine.MetricRedemptions, engine.MetricImpressions)
		if b.Limit < 1 || b.Limit > MaxAmount {
			k.add(path+".limit", "out_of_range", "%d is not between 1 and %d", b.Limit, MaxAmount)
		}
		switch {
		case b.Metric == engine.MetricSpend:
			k.currency(path+".currency", b.Currency)
		case b.Currency != "" && b.Metric != "": // without a metric nobody knows whether it has a currency
			k.add(path+".currency", "invalid", "a budget of %s is a count and has no currency", b.Metric)
		}
		among(k, path+".period", b.Period, engine.PeriodTotal, engine.PeriodDay, engine.PeriodWeek, engine.PeriodMonth)
		among(k, path+".per", b.Per, engine.PerCampaign, engine.PerVenue, engine.PerUser)

		this := kind{b.Metric, b.Currency, b.Period, b.Per}
		if first, twice := seen[this]; twice {
			k.add(path, "duplicate", "a budget of the same metric, period and scope is there already, at %s", at("budgets", first))
			continue
		}
		seen[this] = i
	}
}

func (k *checker) frequencyCaps(caps []engine.FrequencyCap) {
	if !k.count("frequency_caps", len(caps), MaxFrequencyCaps) {
		return
	}
	seen := make(map[time.Duration]int, len(caps))
	for i, c := range caps {
		path := at("frequency_caps", i)
		if c.Count < 1 || c.Count > engine.MaxCapCount {
			k.add(path+".count", "out_of_range", "%d is not between 1 and %d", c.Count, engine.MaxCapCount)
		}
		if c.Window < time.Second || c.Window > engine.MaxCapWindow {
			k.add(path+".window", "out_of_range", "%v is not between 1s and %v", c.Window, engine.MaxCapWindow)
		}
		if first, twice := seen[c.Window]; twice {
			k.add(path+".window", "duplicate", "a cap over the same window is there already, at %s", at("frequency_caps", first))
			continue
		}
		seen[c.Window] = i
	}
}
