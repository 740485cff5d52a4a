package command

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sihai-network/sihai/engine/analysis"
	"github.com/sihai-network/sihai/engine/wire"
	"github.com/sihai-network/sihai/scoring"
	"github.com/sihai-network/sihai/scoring/tuning/evaluation"
)

// weightFlags are a policy that adds up weighted features.
type weightFlags struct {
	profile string
	stored  string // of an own log's store
	weights []string
	bias    float64
	link    string
}

func (f *weightFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.profile, "profile", "", "file with a scoring profile as JSON, as the API has it")
	flags.StringVar(&f.stored, "stored", "", "NAME or NAME:VERSION of a scoring profile of --data or --server, with their own log")
	flags.StringSliceVar(&f.weights, "weights", nil, "name=weight of features of the data, instead of a profile")
	flags.Float64Var(&f.bias, "bias", 0, "added to every score, with --weights")
	flags.StringVar(&f.link, "link", "none", "what makes a chance of a score: none, identity or logistic")
	_ = cmd.RegisterFlagCompletionFunc("link", cobra.FixedCompletions([]string{"none", "identity", "logistic"}, cobra.ShellCompDirectiveNoFileComp))
}

// given reports whether there is a policy at all.
func (f *weightFlags) given() bool { return f.profile != "" || f.stored != "" || len(f.weights) > 0 }

// linkOf reads --link.
func (f *weightFlags) linkOf() (evaluation.Link, error) {
	switch f.link {
	case "none":
		return evaluation.NoLink, nil
	case "identity":
		return evaluation.Identity, nil
	case "logistic":
		return evaluation.Logistic, nil
	}
	return 0, usagef("--link %q is none of none, identity and logistic", f.link)
}

// check tells wrong use.
func (f *weightFlags) check() error {
	if f.profile != "" && len(f.weights) > 0 || f.stored != "" && (f.profile != "" || len(f.weights) > 0) {
		return usagef("--profile, --stored and --weights are ways to say the same")
	}
	if _, err := parseWeights(f.weights); err != nil {
		return err
	}
	_, err := f.linkOf()
	return err
}

// parseWeights reads name=weight.
func parseWeights(pairs []string) (map[string]float64, error) {
	out := make(map[string]float64, len(pairs))
	for _, pair := range pairs {
		at := strings.LastIndexByte(pair, '=') // a feature of a text has one in its name
		if at < 1 {
			return nil, usagef("--weights %q is not NAME=WEIGHT", pair)
		}
		w, err := strconv.ParseFloat(pair[at+1:], 64)
		if err != nil || w-w != 0 {
			return nil, usagef("--weights %q: %q is no number", pair, pair[at+1:])
		}
		if _, twice := out[pair[:at]]; twice {
			return nil, usagef("--weights names %s twice", pair[:at])
		}
		out[pair[:at]] = w
	}
	return out, nil
}

// policy returns the policy for a data set, and the profile that it is of.
func (f *weightFlags) policy(d *loggedData) (p evaluation.Policy, profile *scoring.Profile, err error) {
	switch {
	case f.stored != "":
		profile = d.stored
	case f.profile != "":
		if profile, err = f.read(); err != nil {
			return p, nil, err
		}
	default:
		weights, err := parseWeights(f.weights)
		if err != nil {
			return p, nil, err
		}
		profile = &scoring.Profile{Name: "weights", Weights: weights, Bias: f.bias, Floor: -scoring.MaxFloor}
	}
	name := profile.Name
	if profile.Version > 0 {
		name = analysis.NameOf(profile)
	}
	if p, err = evaluation.OfProfile(name, d.Dataset, profile); err != nil {
		return p, nil, err
	}
	p.Link, err = f.linkOf()
	return p, profile, err
}

// read reads the file of a profile.
func (f *weightFlags) read() (*scoring.Profile, error) {
	data, err := os.ReadFile(f.profile)
	if err != nil {
		return nil, err
	}
	profile, faults := wire.DecodeProfile(data)
	if len(faults) > 0 {
		return nil, fmt.Errorf("%s: %w", f.profile, faults)
	}
	if profile.Name == "" {
		profile.Name = "profile"
	}
	return &profile, nil
}
