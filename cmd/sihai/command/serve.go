package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"

	"github.com/spf13/cobra"

	"github.com/sihai-network/sihai/configs"
	"github.com/sihai-network/sihai/engine/api"
)

func (r *runner) serve() *cobra.Command {
	var listen string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the HTTP API on a data folder",
		Long: "Serve the HTTP API on a data folder, which is made when it is not there. It ends in order on an interrupt or SIGTERM: requests\n" +
			"under way finish, and what was decided is logged. It ends by itself, with code 1, when the store has failed and has to be opened again.\n" +
			"On a store without keys, SIHAI_BOOTSTRAP_KEY makes an operator's key of its value.",
		Args: cobra.NoArgs,
		RunE: r.do(func(cmd *cobra.Command, _ []string) (err error) {
			if r.flags.server != "" {
				return usagef("serve works on a data folder, not on a server")
			}
			flags := map[string]string{}
			if cmd.Flags().Changed("listen") {
				flags["listen"] = listen
			}
			options, err := r.options(flags)
			if err != nil {
				return err
			}
			logger := r.logger(options.Log.Level, options.Log.Format, slog.LevelDebug)
			ctx, fail := context.WithCancelCause(cmd.Context())
			defer fail(nil)
			a, err := openApp(ctx, appOptions{Options: options, env: r.Environment, logger: logger, bootstrap: r.variable("SIHAI_BOOTSTRAP_KEY"), failed: fail})
			if err != nil {
				return fmt.Errorf("open %s: %w", options.Data, err)
			}
			defer func() { err = errors.Join(err, a.close()) }()
			l, err := net.Listen("tcp", options.Listen)
			if err != nil {
				return fmt.Errorf("listen: %w", err)
			}
			if err := r.print("sihai serves http://%s on %s", l.Addr(), options.Data); err != nil {
				return errors.Join(err, l.Close())
			}
			a.hooks.Start()
			a.sweeper.Start()
			a.watch.Start()
			err = a.api.Serve(ctx, l, timeouts(options.HTTP))
			if cause := context.Cause(ctx); cmd.Context().Err() == nil && cause != nil {
				err = errors.Join(fmt.Errorf("the store failed and has to be opened again: %w", cause), err)
			}
			return err
		}),
	}
	cmd.Flags().StringVar(&listen, "listen", "", "host:port to listen on (default: listen of the configuration)")
	return cmd
}

func timeouts(h configs.HTTP) api.Timeouts {
	return api.Timeouts{ReadHeader: h.ReadHeaderTimeout, Read: h.ReadTimeout, Write: h.WriteTimeout, Idle: h.IdleTimeout, Shutdown: h.ShutdownTimeout}
}
