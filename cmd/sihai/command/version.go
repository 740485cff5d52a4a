package command

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// build says what was built.
type build struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Time     string `json:"time,omitempty"`
	Modified bool   `json:"modified,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func (r *runner) version() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Tell version, revision and platform",
		Args:  cobra.NoArgs,
		RunE: r.do(func(*cobra.Command, []string) error {
			b := readBuild()
			if r.flags.output == "json" {
				return r.printJSON(b)
			}
			line := fmt.Sprintf("sihai %s %s %s", b.Version, b.Go, b.Platform)
			if b.Revision != "" {
				line += " " + b.Revision
			}
			if b.Modified {
				line += " modified"
			}
			_, err := fmt.Fprintln(r.Out, line)
			return err
		}),
	}
}

func readBuild() build {
	b := build{Version: "(devel)", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if info.Main.Version != "" {
		b.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.time":
			b.Time = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}
