package wire

import (
	"reflect"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/scoring"
)

// Profile is a versioned set of weights.
type Profile struct {
	Name                 string             `json:"name,omitempty" maxLength:"64" doc:"may be left out where the path names it"`
	Version              uint64             `json:"version,omitempty" readOnly:"true"`
	Kind                 string             `json:"kind,omitempty" enum:"linear,trees" doc:"what makes a score: weights alone, or a model and the weights there are; linear when left out"`
	Model                *Model             `json:"model,omitempty" doc:"of kind trees; lists leave its source out"`
	Weights              map[string]float64 `json:"weights" doc:"feature → weight, -100 to 100; a feature left out counts nothing"`
	Bias                 float64            `json:"bias,omitempty"`
	Floor                float64            `json:"floor,omitempty" doc:"least score that is offered"`
	MaxPerCampaign       int                `json:"max_per_campaign,omitempty" doc:"offers of one placement; 0: any number"`
	MaxPerMerchant       int                `json:"max_per_merchant,omitempty"`
	MaxPerCategory       int                `json:"max_per_category,omitempty"`
	MinInsideProbability float64            `json:"min_inside_probability,omitempty" doc:"least chance of being in the geofence that is offered, 0 to 1"`
	Explore              *Explore           `json:"explore,omitempty" doc:"left out: it does not explore"`
	Pricing              *Pricing           `json:"pricing,omitempty" doc:"left out: budgets have no prices"`
	Note                 string             `json:"note,omitempty"`
	Active               bool               `json:"active,omitempty" readOnly:"true" doc:"new decisions use this version"`
	Author               string             `json:"author,omitempty" readOnly:"true"`
	CreatedAt            string             `json:"created_at,omitempty" readOnly:"true" format:"date-time"`
}

// Explore says how a profile explores.
type Explore struct {
	Method     string             `json:"method" enum:"thompson,linucb" doc:"thompson draws the weights; linucb takes scores at the upper end of what is believed of them"`
	Share      float64            `json:"share" minimum:"0" maximum:"1" doc:"of the decisions; offers of each tell their propensity"`
	Breadth    float64            `json:"breadth,omitempty" minimum:"0" maximum:"10" doc:"multiplies deviations; 1 when left out"`
	Deviations map[string]float64 `json:"deviations,omitempty" doc:"feature → standard deviation of what is believed of its weight, 0 to 100; of others all is known"`
	Learn      *Learning          `json:"learn,omitempty" doc:"left out: weights and deviations stay as they are"`
}

// Learning says what a profile that explores learns of its weights.
type Learning struct {
	Reward string `json:"reward" enum:"click,redemption" doc:"what counts as a success of an offer that was shown; weights with a deviation are learnt, from their own value and deviation on"`
	Every  int64  `json:"every_seconds,omitempty" minimum:"60" maximum:"2678400" doc:"how long the decisions of a batch are made; 3600 when left out"`
	Wait   int64  `json:"wait_seconds,omitempty" minimum:"0" maximum:"2678400" doc:"how long after a batch what comes of it is waited for; 3600 when left out"`
}

func learningOf(l *scoring.Learning) *Learning {
	if !l.IsOn() {
		return nil
	}
	return &Learning{Reward: string(l.Reward), Every: int64(l.Every / time.Second), Wait: int64(l.Wait / time.Second)}
}

func (l *Learning) read() scoring.Learning {
	if l == nil {
		return scoring.Learning{}
	}
	seconds := func(n int64) time.Duration { return time.Duration(min(max(n, -1), 1<<31)) * time.Second }
	return scoring.Learning{Reward: scoring.Reward(l.Reward), Every: seconds(l.Every), Wait: seconds(l.Wait)}
}

// Pricing says how a profile prices budgets.
type Pricing struct {
	Method string  `json:"method" enum:"dual_mirror_descent" doc:"a score is lowered by what the offer is expected to take of its budgets, at prices that rise while these are used faster than is due"`
	Step   float64 `json:"step,omitempty" minimum:"0" maximum:"10" doc:"by how much prices move; 1 when left out"`
	Scale  float64 `json:"scale,omitempty" minimum:"0" maximum:"1000" doc:"score that a good offer is above the floor; 1 when left out, that of weights that add up to 1"`
}

func pricingOf(p *scoring.Pricing) *Pricing {
	if !p.IsOn() {
		return nil
	}
	return &Pricing{Method: string(p.Method), Step: p.Step, Scale: p.Scale}
}

func (p *Pricing) read() scoring.Pricing {
	if p == nil {
		return scoring.Pricing{}
	}
	return scoring.Pricing{Method: scoring.PricingMethod(p.Method), Step: p.Step, Scale: p.Scale}
}

func exploreOf(e *scoring.Explore) *Explore {
	if e.Method == "" {
		return nil
	}
	return &Explore{Method: string(e.Method), Share: e.Share, Breadth: e.Breadth, Deviations: e.Deviations, Learn: learningOf(&e.Learn)}
}

func (e *Explore) read() scoring.Explore {
	if e == nil {
		return scoring.Explore{}
	}
	return scoring.Explore{Method: scoring.Method(e.Method), Share: e.Share, Breadth: e.Breadth, Deviations: e.Deviations, Learn: e.Learn.read()}
}

// Model is a model of boosted trees.
type Model struct {
	Format string `json:"format" enum:"xgboost,lightgbm"`
	Source string `json:"source,omitempty" maxLength:"4194304" doc:"the file as the program that trained it saved it: XGBoost's JSON, LightGBM's text; its features have the names of those of scoring, and it has one output"`
	SHA256 string `json:"sha256,omitempty" readOnly:"true" doc:"of the source"`
	Trees  int    `json:"trees,omitempty" readOnly:"true"`
	Nodes  int    `json:"nodes,omitempty" readOnly:"true"`
}

// readModel reads a model; nil for none and for one that is no model.
func readModel(m *Model, faults *engine.Faults) *scoring.Model {
	if m == nil {
		return nil
	}
	model, err := scoring.NewModel(m.Format, []byte(m.Source))
	if err != nil {
		faults.Add("model.source", "invalid", "%v", err)
		return nil
	}
	return model
}

func modelOf(m *scoring.Model) *Model {
	if m == nil {
		return nil
	}
	return &Model{Format: m.Format, Source: string(m.Source()), SHA256: m.HashText(), Trees: m.Trees, Nodes: m.Nodes}
}

var profilePlan = planOf(reflect.TypeFor[Profile]())

// DecodeProfile reads a profile. The faults are all there are; the profile holds what could be read.
func DecodeProfile(data []byte) (scoring.Profile, engine.Faults) {
	var p Profile
	faults := bind(data, profilePlan, &p)
	return p.read(&faults), faults
}

// read returns what could be read.
func (p *Profile) read(faults *engine.Faults) scoring.Profile {
	model := readModel(p.Model, faults)
	return scoring.Profile{
		Name: p.Name, Kind: scoring.Kind(p.Kind), Model: model, Weights: p.Weights, Bias: p.Bias, Floor: p.Floor,
		MaxPerCampaign: p.MaxPerCampaign, MaxPerMerchant: p.MaxPerMerchant, MaxPerCategory: p.MaxPerCategory,
		MinInsideProbability: p.MinInsideProbability, Note: p.Note, Explore: p.Explore.read(), Pricing: p.Pricing.read(),
	}
}

// ProfileOf returns p as it is sent; active is the version in use.
func ProfileOf(p *scoring.Profile, active engine.ProfileRef) Profile {
	weights := p.Weights
	if weights == nil {
		weights = map[string]float64{}
	}
	return Profile{
		Name: p.Name, Version: p.Version, Kind: string(p.Kind), Model: modelOf(p.Model), Weights: weights, Bias: p.Bias, Floor: p.Floor,
		MaxPerCampaign: p.MaxPerCampaign, MaxPerMerchant: p.MaxPerMerchant, MaxPerCategory: p.MaxPerCategory,
		MinInsideProbability: p.MinInsideProbability, Note: p.Note, Explore: exploreOf(&p.Explore), Pricing: pricingOf(&p.Pricing),
		Active: active == engine.ProfileRef{Name: p.Name, Version: p.Version}, Author: p.Author, CreatedAt: timeText(p.Created),
	}
}

// Activation asks for a version of a profile.
type Activation struct {
	Version uint64 `json:"version,omitempty" doc:"the newest when left out"`
}

var activationPlan = planOf(reflect.TypeFor[Activation]())

// DecodeActivation reads which version is asked for; 0 for the newest. An empty body asks for that too.
func DecodeActivation(data []byte) (uint64, engine.Faults) {
	if len(data) == 0 {
		return 0, nil
	}
	var a Activation
	faults := bind(data, activationPlan, &a)
	return a.Version, faults
}
