// Package configs reads the configuration of sihai: the defaults of default.yaml, then a file, then SIHAI_* variables,
// then flags, each over the one before. Load is the typical use; all that is wrong is told at once, each with its path
// and where it came from, and a key that is not a setting is refused rather than ignored.
//
// It leaves out what the settings mean: package command hands them to the rooms that own them.
package configs

import (
	"bytes"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/viper"
)

//go:embed default.yaml
var defaults []byte

// prefix begins the name of each variable.
const prefix = "SIHAI_"

// Sources says where settings come from besides the defaults.
type Sources struct {
	File  string            // path of a YAML, JSON or TOML file; empty: none
	Env   []string          // NAME=value, as of os.Environ; others than SIHAI_* are passed over
	Flags map[string]string // path of a setting → value, of the flags that were given
}

// Fault is one thing wrong with the configuration.
type Fault struct {
	Path    string // of the setting: "log.level"
	From    string // the file, the variable or the flag; empty when unknown
	Message string
}

// Faults is every fault of a configuration, ordered as the settings are, and then unknown keys by path.
type Faults []Fault

// Error tells each fault on a line of its own.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, fault := range f {
		lines[i] = fault.Path + ": " + fault.Message
		if fault.From != "" {
			lines[i] += " (" + fault.From + ")"
		}
	}
	return "configuration:\n  " + strings.Join(lines, "\n  ")
}

func (f Faults) err() error {
	if len(f) == 0 {
		return nil
	}
	return f
}

// Defaults returns the configuration of default.yaml.
func Defaults() (Options, error) { return Load(Sources{}) }

// DefaultYAML returns the text of default.yaml: every setting with its default and what it means.
func DefaultYAML() []byte { return slices.Clone(defaults) }

// Load merges the sources and validates what comes out. The error is Faults when a value or a key is wrong, and something
// else when the file cannot be read.
func Load(s Sources) (Options, error) {
	var data []byte
	if s.File != "" {
		var err error
		if data, err = os.ReadFile(s.File); err != nil {
			return Options{}, fmt.Errorf("read configuration: %w", err)
		}
	}
	return load(data, s)
}

// layer is the values of one source by path.
type layer struct {
	values map[string]any
	from   func(path string) string
}

func load(file []byte, s Sources) (Options, error) {
	base, err := parse(defaults, "yaml")
	if err != nil {
		return Options{}, fmt.Errorf("parse defaults: %w", err)
	}
	layers := []layer{{base, func(string) string { return "default.yaml" }}}
	if s.File != "" {
		values, err := parse(file, strings.TrimPrefix(strings.ToLower(filepath.Ext(s.File)), "."))
		if err != nil {
			return Options{}, fmt.Errorf("parse configuration %s: %w", s.File, err)
		}
		layers = append(layers, layer{values, func(string) string { return s.File }})
	}
	flags := make(map[string]any, len(s.Flags))
	for path, value := range s.Flags {
		flags[path] = value
	}
	layers = append(layers,
		layer{variables(s.Env), func(path string) string { return "variable " + variable(path) }},
		layer{flags, func(string) string { return "flag" }})
	return merge(layers)
}

// merge fills the options layer by layer, so that a wrong value is told even where a later source goes over it.
func merge(layers []layer) (Options, error) {
	var o Options
	var faults Faults
	from := make(map[string]string) // path → the source that filled it
	broken := make(map[string]bool)
	settings := o.settings()
	for _, s := range settings {
		for _, l := range layers {
			value, ok := l.values[s.path]
			if !ok {
				continue
			}
			if problem := s.set(value); problem != "" {
				faults = append(faults, Fault{s.path, l.from(s.path), problem})
				broken[s.path] = true
				continue
			}
			from[s.path] = l.from(s.path)
		}
		if problem := s.check(); problem != "" && !broken[s.path] {
			faults = append(faults, Fault{s.path, from[s.path], problem})
		}
	}
	faults = append(faults, unknown(layers, settings)...)
	return o, faults.err()
}

// unknown finds the keys that are no setting.
func unknown(layers []layer, settings []setting) Faults {
	var faults Faults
	for _, l := range layers {
		var paths []string
		for path := range l.values {
			if !slices.ContainsFunc(settings, func(s setting) bool { return s.path == path }) {
				paths = append(paths, path)
			}
		}
		slices.Sort(paths)
		for _, path := range paths {
			faults = append(faults, Fault{path, l.from(path), "is not a setting"})
		}
	}
	return faults
}

// parse reads a file into values by dotted path, in lower case. A group where a value is expected, or the reverse, becomes
// an unknown key.
func parse(data []byte, format string) (map[string]any, error) {
	if !slices.Contains([]string{"yaml", "yml", "json", "toml"}, format) {
		return nil, fmt.Errorf("format %q is not one of yaml, json, toml", format)
	}
	v := viper.New()
	v.SetConfigType(format)
	if err := v.ReadConfig(bytes.NewReader(data)); err != nil {
		return nil, err
	}
	values := make(map[string]any)
	flatten(values, "", v.AllSettings())
	return values, nil
}

// flatten writes the leaves of a tree by dotted path.
func flatten(to map[string]any, path string, value any) {
	group, ok := value.(map[string]any)
	if !ok || (len(group) == 0 && path != "") {
		to[path] = value
		return
	}
	for name, member := range group {
		if path != "" {
			name = path + "." + name
		}
		flatten(to, name, member)
	}
}

// others are the SIHAI_* variables that are not settings: the ones that commands and trials read themselves, and the ones
// that Kubernetes puts into each container beside a service called sihai.
var others = []string{"SIHAI_KEY", "SIHAI_SERVER", "SIHAI_BOOTSTRAP_KEY", "SIHAI_CONFIG", "SIHAI_LONG"}

var injected = []string{"SIHAI_SERVICE_", "SIHAI_PORT"}

// variables picks the settings out of an environment. A name that is none becomes a key that is none.
func variables(env []string) map[string]any {
	paths := make(map[string]string)
	for _, s := range new(Options).settings() {
		paths[variable(s.path)] = s.path
	}
	values := make(map[string]any)
	for _, pair := range env {
		name, value, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, prefix) || slices.Contains(others, name) ||
			slices.ContainsFunc(injected, func(p string) bool { return strings.HasPrefix(name, p) }) {
			continue
		}
		path, ok := paths[name]
		if !ok {
			path = strings.ToLower(strings.TrimPrefix(name, prefix))
		}
		values[path] = value
	}
	return values
}

// variable names the variable of a setting.
func variable(path string) string {
	return prefix + strings.ToUpper(strings.ReplaceAll(path, ".", "_"))
}
