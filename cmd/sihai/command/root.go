// Package command is the command line of sihai: one verb a file. Run reads the arguments, does one verb and returns the
// exit code; app.go puts the rooms of the engine together, and no other file does.
//
// A verb works on a running server (--server, key in SIHAI_KEY) or, while none runs, on a data folder (--data).
package command

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sihai-network/sihai/engine"
)

// The exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// Environment is what a run takes from its surroundings.
type Environment struct {
	In       io.Reader
	Out, Err io.Writer
	Env      []string // NAME=value, as of os.Environ
	Now      engine.Clock
	Random   io.Reader
	// Terminal says that Err is one, so that progress may be drawn on it.
	Terminal bool
}

// System returns the process's own environment.
func System() Environment {
	info, err := os.Stderr.Stat()
	return Environment{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Env: os.Environ(), Now: time.Now, Random: rand.Reader,
		Terminal: err == nil && info.Mode()&os.ModeCharDevice != 0,
	}
}

// variable returns the value of an environment variable, empty when it is not set; the last one counts.
func (e Environment) variable(name string) string {
	for i := len(e.Env) - 1; i >= 0; i-- {
		if value, ok := strings.CutPrefix(e.Env[i], name+"="); ok {
			return value
		}
	}
	return ""
}

// errUsage marks an error as wrong use of the command line.
var errUsage = errors.New("wrong use")

func usagef(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errUsage, fmt.Sprintf(format, args...))
}

// Run does the verb that args ask for and returns the exit code: 0 done, 1 failed, 2 wrong use. It returns early, and
// in order, when ctx ends.
func Run(ctx context.Context, args []string, env Environment) int {
	r := &runner{Environment: env}
	root := r.root()
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitDone
	}
	_, _ = fmt.Fprintf(env.Err, "sihai: %v\n", err)
	if r.started && !errors.Is(err, errUsage) {
		return exitFailed
	}
	_, _ = fmt.Fprintf(env.Err, "Run '%s --help' for usage.\n", cmd.CommandPath())
	return exitUsage
}

// runner is one run of the program.
type runner struct {
	Environment
	flags   common
	started bool // a verb has taken over from the reading of arguments
}

// common holds the flags that every verb has.
type common struct {
	config string
	server string
	data   string
	output string
}

func (r *runner) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "sihai",
		Short:         "Offers for travellers, by where they are",
		Long:          "Sihai finds the campaigns whose geofence holds a traveller, drops those that may not be shown and ranks the rest.",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return cmd.Help()
		},
	}
	root.SetIn(r.In)
	root.SetOut(r.Out)
	root.SetErr(r.Err)
	flags := root.PersistentFlags()
	flags.StringVar(&r.flags.config, "config", r.variable("SIHAI_CONFIG"), "configuration file (YAML, JSON or TOML); see sihai config")
	flags.StringVar(&r.flags.server, "server", r.variable("SIHAI_SERVER"), "URL of a running server; the key is taken from SIHAI_KEY")
	flags.StringVar(&r.flags.data, "data", "", "data folder to work on while no server runs (default: data of the configuration)")
	flags.StringVar(&r.flags.output, "output", "table", "table or json")
	_ = root.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"table", "json"}, cobra.ShellCompDirectiveNoFileComp))
	for _, verb := range r.verbs() {
		root.AddCommand(verb)
	}
	return root
}

// do wraps the work of a verb: from here on an error is a failure and not wrong use.
func (r *runner) do(work func(cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if r.flags.output != "table" && r.flags.output != "json" {
			return usagef("--output %q is neither table nor json", r.flags.output)
		}
		r.started = true
		return work(cmd, args)
	}
}
