// Command sihai finds and ranks the offers that hold where a traveller is. See package command for its verbs.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/sihai-network/sihai/cmd/sihai/command"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := command.Run(ctx, os.Args[1:], command.System())
	stop()
	os.Exit(code)
}
