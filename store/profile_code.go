package store

import (
	"maps"
	"slices"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/scoring"
)

func writeProfile(m *message, p *scoring.Profile) {
	m.str(1, p.Name)
	m.weights(2, p.Weights)
	m.float(3, p.Bias)
	m.float(4, p.Floor)
	m.int(5, int64(p.MaxPerCampaign))
	m.int(6, int64(p.MaxPerMerchant))
	m.int(7, int64(p.MaxPerCategory))
	m.float(8, p.MinInsideProbability)
	m.str(9, p.Note)
	m.str(10, string(p.Kind))
	if p.Model != nil {
		m.sub(11, func() { writeModelTold(m, p.Model) })
	}
	if e := &p.Explore; e.Method != "" || e.Share != 0 || e.Breadth != 0 || len(e.Deviations) > 0 || e.Learn.IsOn() {
		m.sub(12, func() {
			m.str(1, string(e.Method))
			m.float(2, e.Share)
			m.float(3, e.Breadth)
			m.weights(4, e.Deviations)
			if l := &e.Learn; l.IsOn() {
				m.sub(5, func() {
					m.str(1, string(l.Reward))
					m.int(2, int64(l.Every))
					m.int(3, int64(l.Wait))
				})
			}
		})
	}
	if g := &p.Pricing; g.IsOn() {
		m.sub(13, func() {
			m.str(1, string(g.Method))
			m.float(2, g.Step)
			m.float(3, g.Scale)
		})
	}
}

func writeModelTold(m *message, told *scoring.Model) {
	m.str(1, told.Format)
	m.bytes(2, told.Hash[:])
	m.int(3, int64(told.Bytes))
	m.int(4, int64(told.Trees))
	m.int(5, int64(told.Nodes))
}

func readProfile(p *scoring.Profile, f *field) {
	switch f.num {
	case 1:
		p.Name = f.str()
	case 2:
		p.Weights = f.weight(p.Weights)
	case 3:
		p.Bias = f.float()
	case 4:
		p.Floor = f.float()
	case 5:
		p.MaxPerCampaign = int(f.int())
	case 6:
		p.MaxPerMerchant = int(f.int())
	case 7:
		p.MaxPerCategory = int(f.int())
	case 8:
		p.MinInsideProbability = f.float()
	case 9:
		p.Note = f.str()
	case 10:
		p.Kind = scoring.Kind(f.str())
	case 11:
		p.Model = new(scoring.Model)
		f.sub(readInto(p.Model, readModelTold))
	case 12:
		f.sub(readInto(&p.Explore, readExplore))
	case 13:
		f.sub(readInto(&p.Pricing, readPricing))
	}
}

func readPricing(g *scoring.Pricing, f *field) {
	switch f.num {
	case 1:
		g.Method = scoring.PricingMethod(f.str())
	case 2:
		g.Step = f.float()
	case 3:
		g.Scale = f.float()
	}
}

func readExplore(e *scoring.Explore, f *field) {
	switch f.num {
	case 1:
		e.Method = scoring.Method(f.str())
	case 2:
		e.Share = f.float()
	case 3:
		e.Breadth = f.float()
	case 4:
		e.Deviations = f.weight(e.Deviations)
	case 5:
		f.sub(readInto(&e.Learn, readLearning))
	}
}

func readLearning(l *scoring.Learning, f *field) {
	switch f.num {
	case 1:
		l.Reward = scoring.Reward(f.str())
	case 2:
		l.Every = time.Duration(f.int())
	case 3:
		l.Wait = time.Duration(f.int())
	}
}

func readModelTold(m *scoring.Model, f *field) {
	switch f.num {
	case 1:
		m.Format = f.str()
	case 2:
		m.Hash = f.hash()
	case 3:
		m.Bytes = int(f.int())
	case 4:
		m.Trees = int(f.int())
	case 5:
		m.Nodes = int(f.int())
	}
}

func writeKey(m *message, k *engine.Key) {
	m.str(1, k.ID)
	m.bytes(2, k.Hash[:])
	m.str(3, string(k.Role))
	m.str(4, k.MerchantID)
	m.str(5, k.Note)
	m.time(6, k.Revoked)
	m.strs(7, k.Partners)
}

func readKey(k *engine.Key, f *field) {
	switch f.num {
	case 1:
		k.ID = f.str()
	case 2:
		k.Hash = f.hash()
	case 3:
		k.Role = engine.Role(f.str())
	case 4:
		k.MerchantID = f.str()
	case 5:
		k.Note = f.str()
	case 6:
		k.Revoked = f.time()
	case 7:
		k.Partners = append(k.Partners, f.str())
	}
}

func writeRates(m *message, day *engine.RateDay) {
	for _, currency := range slices.Sorted(maps.Keys(day.Rates)) {
		rate := day.Rates[currency]
		m.sub(1, func() {
			m.str(1, currency)
			m.int(2, rate.Mantissa)
			m.uint(3, uint64(rate.Scale))
		})
	}
}

func readRates(day *engine.RateDay, f *field) {
	if f.num != 1 {
		return
	}
	var currency string
	var rate engine.Rate
	f.sub(func(f *field) {
		switch f.num {
		case 1:
			currency = f.str()
		case 2:
			rate.Mantissa = f.int()
		case 3:
			rate.Scale = uint8(min(f.uint(), 255))
		}
	})
	if day.Rates == nil {
		day.Rates = make(map[string]engine.Rate)
	}
	day.Rates[currency] = rate
}
