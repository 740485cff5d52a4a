package command

import (
	"github.com/spf13/cobra"

	"github.com/sihai-network/sihai/configs"
)

func (r *runner) config() *cobra.Command {
	return &cobra.Command{
		Use:   "config",
		Short: "Print every setting with its default and what it means",
		Long: "Print every setting with its default and what it means. A file given with --config, then SIHAI_* variables\n" +
			"(log.level is SIHAI_LOG_LEVEL), then flags go over these values: --output json prints what they make together.",
		Args: cobra.NoArgs,
		RunE: r.do(func(*cobra.Command, []string) error {
			options, err := r.options(nil)
			if err != nil {
				return err
			}
			if r.flags.output == "json" {
				return r.printJSON(options)
			}
			_, err = r.Out.Write(configs.DefaultYAML())
			return err
		}),
	}
}

// options loads the configuration with the flags that were given over it, by the path of their setting.
func (r *runner) options(flags map[string]string) (configs.Options, error) {
	if flags == nil {
		flags = make(map[string]string)
	}
	if r.flags.data != "" {
		flags["data"] = r.flags.data
	}
	return configs.Load(configs.Sources{File: r.flags.config, Env: r.Env, Flags: flags})
}
