package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/sihai-network/sihai/configs"
	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/client"
	"github.com/sihai-network/sihai/engine/wire"
	"github.com/sihai-network/sihai/testdata/worlds"
)

func (r *runner) demo() *cobra.Command {
	var once bool
	var listen string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "A visitor's day in Miami, then a server to try",
		Long: "Load real places of Greater Miami with invented campaigns into a store of its own, tell one visitor's day stop by stop, then serve\n" +
			"the API on loopback. The day is 27 November 2026 whatever the calendar says; the store is thrown away at the end.",
		Args: cobra.NoArgs,
		RunE: r.do(func(cmd *cobra.Command, _ []string) error {
			options, err := r.options(map[string]string{"listen": listen})
			if err != nil {
				return err
			}
			return r.runDemo(cmd.Context(), options, once)
		}),
	}
	cmd.Flags().BoolVar(&once, "once", false, "end after the tables")
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:8080", "host:port to serve on afterwards; a free port where it is taken")
	return cmd
}

func (r *runner) runDemo(ctx context.Context, options configs.Options, once bool) (err error) {
	options.Data, err = os.MkdirTemp("", "sihai-demo-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(options.Data)) }()
	clock := &demoClock{real: r.Now, at: storyStart()}
	env := r.Environment
	env.Now = clock.now
	a, err := openApp(ctx, appOptions{
		Options: options, env: env, logger: r.logger(options.Log.Level, options.Log.Format, slog.LevelWarn),
		local: engine.Key{ID: "demo", Role: engine.RoleOperator},
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	titles, err := r.loadWorld(ctx, a.target())
	if err != nil {
		return err
	}
	if err := r.tellStory(ctx, a.target(), clock, titles); err != nil || once {
		return err
	}
	morning := storyStart().Add(34 * time.Hour)
	clock.run(morning)
	return r.serveDemo(ctx, options, morning, a)
}

// demoClock tells the time of the story: it stands at a stop, and goes on from the last one once it runs.
type demoClock struct {
	real engine.Clock

	mu    sync.Mutex // guards the rest
	at    time.Time
	since time.Time // real time at which it began to run; zero: it stands
}

func (c *demoClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.since.IsZero() {
		return c.at
	}
	return c.at.Add(c.real().Sub(c.since))
}

func (c *demoClock) set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

func (c *demoClock) run(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at, c.since = at, c.real()
}

// loadWorld uploads the world and returns the titles of its campaigns.
func (r *runner) loadWorld(ctx context.Context, t *target) (map[string]wire.Text, error) {
	world, err := worlds.Miami()
	if err != nil {
		return nil, err
	}
	merchants, err := fs.ReadFile(world, "merchants.ndjson")
	if err != nil {
		return nil, err
	}
	places, offers := 0, 0
	titles := make(map[string]wire.Text)
	for line := range strings.Lines(string(merchants)) {
		m, faults := wire.DecodeMerchant([]byte(line))
		if len(faults) > 0 {
			return nil, fmt.Errorf("world: %w", faults)
		}
		if _, err := t.PutMerchant(ctx, wire.MerchantOf(&m)); err != nil {
			return nil, err
		}
		for _, kind := range []string{"venues", "campaigns"} {
			report, err := uploadOf(ctx, t, world, kind, m.ID, titles)
			if err != nil {
				return nil, fmt.Errorf("world: %s of %s: %w", kind, m.ID, err)
			}
			if kind == "venues" {
				places += report.Difference.Added
			} else {
				offers += report.Difference.Added
			}
		}
	}
	rates, err := world.Open("rates.csv")
	if err != nil {
		return nil, err
	}
	defer func() { _ = rates.Close() }() // it was only read
	status, err := t.PutRates(ctx, rates)
	if err != nil {
		return nil, err
	}
	return titles, r.print("Greater Miami: %d real places, %d invented campaigns, reference rates of %s. The visitor is from China, reads Chinese, pays in yuan.",
		places, offers, status.Last)
}

// uploadOf sends a merchant's lines of a file and notes the titles in them.
func uploadOf(ctx context.Context, t *target, world fs.FS, kind, merchant string, titles map[string]wire.Text) (wire.Import, error) {
	data, err := fs.ReadFile(world, kind+".ndjson")
	if err != nil {
		return wire.Import{}, err
	}
	var mine strings.Builder
	for line := range strings.Lines(string(data)) {
		if !strings.Contains(line, fmt.Sprintf(`"merchant_id": %q`, merchant)) {
			continue
		}
		mine.WriteString(line)
		if kind == "campaigns" {
			c, _ := wire.DecodeCampaign([]byte(line)) // its faults are the upload's to tell
			titles[c.ID] = wire.Text(c.Title)
		}
	}
	return t.Import(ctx, client.Upload{Merchant: merchant, Kind: kind, Format: "ndjson"}, strings.NewReader(mine.String()))
}

// tellStory walks through the day: at each stop it asks, tells and reports what the visitor saw.
func (r *runner) tellStory(ctx context.Context, t *target, clock *demoClock, titles map[string]wire.Text) error {
	for _, s := range story() {
		clock.set(s.time())
		d, err := t.Decide(ctx, s.request())
		if err != nil {
			return err
		}
		if err := r.tell(&s, &d, titles); err != nil {
			return err
		}
		if events := s.events(&d); len(events) > 0 {
			if err := t.TakeEvents(ctx, events...); err != nil {
				return err
			}
		}
	}
	return nil
}

// serveDemo serves the world and says how to try it.
func (r *runner) serveDemo(ctx context.Context, options configs.Options, now time.Time, a *app) error {
	t := a.target()
	phone, err := t.CreateKey(ctx, wire.Key{Role: "app", Note: "the phone"})
	if err != nil {
		return err
	}
	shop, err := t.CreateKey(ctx, wire.Key{Role: "merchant", MerchantID: "coffee", Note: "the coffee shop"})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", options.Listen)
	if err != nil {
		if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return fmt.Errorf("listen: %w", err)
		}
	}
	// the network's own face: nobody is trusted without a key
	served, err := a.face(engine.Key{})
	if err != nil {
		return errors.Join(err, l.Close())
	}
	url := "http://" + l.Addr().String()
	ask := fmt.Sprintf(`curl -s %s/v1/decisions -H 'Authorization: Bearer %s' -H 'Content-Type: application/json' -d '{"user":{"home_country":"CN","languages":["zh-Hans","en"]},"location":{"lat":25.7983,"lon":-80.1992,"accuracy":20},"currency":"CNY","placements":[{"id":"home","count":3}]}'`, url, phone.Secret)
	put := fmt.Sprintf(`curl -s -X PUT %s/v1/campaigns/rain -H 'Authorization: Bearer %s' -H 'Content-Type: application/json' -d '{"id":"rain","title":{"en":"Second cup free while it rains","zh-Hans":"雨天第二杯免费"},"discount":{"type":"buy_x_get_y","buy":1,"get":1,"percent":100},"venues":{"ids":["panther-wynwood"]},"status":"enabled"}'`, url, shop.Secret)
	list := fmt.Sprintf(`curl -s '%s/v1/campaigns?limit=2' -H 'Authorization: Bearer %s'`, url, shop.Secret)
	if err := r.print("\nServing on %s; it is %s in Miami. Ctrl-C ends it. Ask as the phone at Panther Coffee in Wynwood:\n\n%s\n\nAs the coffee shop, offer something there at once, then ask again:\n\n%s\n\nSee what the coffee shop offers; of others it sees nothing:\n\n%s\n",
		url, now.Format("15:04 on 2 January 2006"), ask, put, list); err != nil {
		return errors.Join(err, l.Close())
	}
	return served.Serve(ctx, l, timeouts(options.HTTP))
}
