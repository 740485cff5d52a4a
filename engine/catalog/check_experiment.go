package catalog

import (
	"math"
	"time"
	"unicode/utf8"

	"github.com/sihai-network/sihai/engine"
)

// The bounds of an experiment.
const (
	DefaultAlpha      = 0.05
	MaxArms           = 8
	MaxGuards         = 8
	MaxExperimentName = 200  // characters
	MaxExperimentNote = 1000 // characters
	MaxSalt           = 64   // characters

	// shareSlack is by how much shares may fail to sum to 1: they are written in decimals.
	shareSlack = 1e-9
)

// checkExperiment tells everything that is wrong with an experiment itself.
func checkExperiment(e *engine.Experiment, now time.Time) engine.Faults {
	var k checker
	k.id("id", e.ID)
	for _, text := range []struct {
		path, text string
		most       int
	}{{"name", e.Name, MaxExperimentName}, {"note", e.Note, MaxExperimentNote}} {
		if text.text != "" {
			k.wording(text.path, text.text, text.most)
		}
	}
	if !utf8.ValidString(e.Salt) || utf8.RuneCountInString(e.Salt) > MaxSalt {
		k.add("salt", "too_long", "a salt is text of at most %d characters", MaxSalt)
	}
	k.arms(e.Arms)
	if t := e.Traffic; !(t.From >= 0 && t.From < t.Until && t.Until <= 1) {
		k.add("traffic", "out_of_range", "the part from %v until %v is not one of all users, from 0 until 1", t.From, t.Until)
	}
	if !e.End.IsZero() {
		switch {
		case !e.Start.IsZero() && !e.End.After(e.Start):
			k.add("end", "out_of_range", "the end is not after the start")
		case !e.End.After(now):
			k.add("end", "out_of_range", "the end has come already")
		}
	}
	k.measure("primary", e.Primary.Measure)
	k.size("primary.effect", e.Primary.Effect, "a difference that would matter")
	if k.count("guards", len(e.Guards), MaxGuards) {
		seen := make(map[string]int)
		for i, g := range e.Guards {
			k.measure(at("guards", i), g.Measure)
			k.size(at("guards", i)+".harm", g.Harm, "what an arm may lose")
			k.once("guards", i, string(g.Metric)+" "+g.Currency, seen)
		}
	}
	if !(e.Alpha > 0 && e.Alpha <= 0.5) {
		k.add("alpha", "out_of_range", "%v is not above 0 and at most 0.5", e.Alpha)
	}
	return k.faults
}

// arms checks names and shares; the profiles are looked up elsewhere.
func (k *checker) arms(arms []engine.Arm) {
	if len(arms) < 2 {
		k.add("arms", "too_few", "at least two arms are compared, not %d", len(arms))
		return
	}
	if !k.count("arms", len(arms), MaxArms) {
		return
	}
	sum, sound := 0.0, true
	seen := make(map[string]int)
	for i, a := range arms {
		k.id(at("arms", i)+".name", a.Name)
		k.once("arms", i, a.Name, seen)
		if a.Profile.Name == "" {
			k.add(at("arms", i)+".profile.name", "required", "an arm has a scoring profile")
		}
		if !(a.Share > 0 && a.Share < 1) {
			k.add(at("arms", i)+".share", "out_of_range", "%v is not above 0 and below 1", a.Share)
			sound = false
		}
		sum += a.Share
	}
	if sound && math.Abs(sum-1) > shareSlack {
		k.add("arms", "invalid", "the shares of all arms sum to 1, not %v", sum)
	}
}

func (k *checker) measure(path string, m engine.Measure) {
	among(k, path+".metric", m.Metric, engine.ExperimentMetrics()...)
	switch {
	case m.Metric.IsMoney():
		k.currency(path+".currency", m.Currency)
	case m.Currency != "":
		k.add(path+".currency", "invalid", "%.40q is told in no currency", string(m.Metric))
	}
}

// size checks a size in the unit of a metric.
func (k *checker) size(path string, size float64, what string) {
	if !(size > 0) || math.IsInf(size, 0) {
		k.add(path, "out_of_range", "%s is above 0, in the metric's unit: %v is not", what, size)
	}
}
