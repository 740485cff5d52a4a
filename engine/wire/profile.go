package wire

import (
	"reflect"

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
}

func exploreOf(e *scoring.Explore) *Explore {
	if e.Method == "" {
		return nil
	}
	return &Explore{Method: string(e.Method), Share: e.Share, Breadth: e.Breadth, Deviations: e.Deviations}
}

func (e *Explore) read() scoring.Explore {
	if e == nil {
		return scoring.Explore{}
	}
	return scoring.Explore{Method: scoring.Method(e.Method), Share: e.Share, Breadth: e.Breadth, Deviations: e.Deviations}
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
		MinInsideProbability: p.MinInsideProbability, Note: p.Note, Explore: p.Explore.read(),
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
		MinInsideProbability: p.MinInsideProbability, Note: p.Note, Explore: exploreOf(&p.Explore),
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
