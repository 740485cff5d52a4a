package configs

import (
	"net/netip"
	"time"
)

// Options is the whole configuration. Defaults returns one that is valid; the zero value is not.
type Options struct {
	Listen    string // host:port
	Data      string // folder of the store
	Store     Store
	Partners  []string // acquirers that venues may accept the wallet through; empty: any
	Log       Log
	Decision  Decision
	Import    Import
	HTTP      HTTP
	Metrics   Metrics
	RateLimit RateLimit
	Webhooks  Webhooks
	Privacy   Privacy
}

// Store says what the store leaves alone.
type Store struct {
	KeepFree int64 // bytes of the disk; 0: it is not looked at
}

// Log says what is logged and how.
type Log struct {
	Level  string // debug, info, warn, error
	Format string // text, json
}

// Decision holds what a decision assumes where its request is silent.
type Decision struct {
	DefaultSpend Spend
	IPAccuracy   float64 // metres
	WalkingSpeed float64 // metres a second
	Language     string  // BCP 47
}

// Spend is an amount in the minor units of its currency.
type Spend struct {
	Amount   int64
	Currency string // ISO 4217
}

// Import bounds an upload.
type Import struct {
	MaxBytes    int64
	MaxRows     int
	MaxRowBytes int
	QueueBytes  int64
}

// HTTP bounds a request and its time.
type HTTP struct {
	ReadHeaderTimeout time.Duration
	ReadTimeout       time.Duration
	WriteTimeout      time.Duration
	IdleTimeout       time.Duration
	ShutdownTimeout   time.Duration
	MaxBodyBytes      int64
}

// Metrics says who may read them.
type Metrics struct {
	Access string // open, operator
}

// Privacy says how long what is known of travellers is kept.
type Privacy struct {
	Positions time.Duration // exact, in decisions; 0: not at all
	History   time.Duration // that names the user; 0: for ever
	Decisions time.Duration // 0: for ever
}

// Webhooks says where merchants may let themselves be told what happened.
type Webhooks struct {
	AllowHTTP       bool
	AllowedNetworks []netip.Prefix // besides those that are public
	Timeout         time.Duration  // of a request
}

// RateLimit bounds the requests of one API key.
type RateLimit struct {
	RequestsPerSecond float64 // 0: no limit
	Burst             int
}

// The bounds of numbers; each is far beyond any use that was thought of, and keeps a slip of the pen from a crash.
const (
	maxBytes   = 1 << 40
	maxCount   = 1 << 30
	maxWord    = 64
	maxTimeout = 24 * time.Hour
	maxAge     = 100 * 366 * 24 * time.Hour
)

// settings binds each path of default.yaml to its field and rule.
func (o *Options) settings() []setting {
	return []setting{
		{"listen", address(&o.Listen)},
		{"data", text(&o.Data)},
		{"partners", words(&o.Partners)},
		{"store.keep_free", whole(&o.Store.KeepFree, 0, maxBytes)},
		{"log.level", choice(&o.Log.Level, "debug", "info", "warn", "error")},
		{"log.format", choice(&o.Log.Format, "text", "json")},
		{"decision.default_spend.amount", whole(&o.Decision.DefaultSpend.Amount, 1, 1e12)},
		{"decision.default_spend.currency", currency(&o.Decision.DefaultSpend.Currency)},
		{"decision.ip_accuracy", number(&o.Decision.IPAccuracy, 1, 1e6)},
		{"decision.walking_speed", number(&o.Decision.WalkingSpeed, 0, 100)},
		{"decision.language", text(&o.Decision.Language)},
		{"import.max_bytes", whole(&o.Import.MaxBytes, 1, maxBytes)},
		{"import.max_rows", whole(&o.Import.MaxRows, 1, maxCount)},
		{"import.max_row_bytes", whole(&o.Import.MaxRowBytes, 1, maxCount)},
		{"import.queue_bytes", whole(&o.Import.QueueBytes, 1, maxBytes)},
		{"http.read_header_timeout", duration(&o.HTTP.ReadHeaderTimeout)},
		{"http.read_timeout", duration(&o.HTTP.ReadTimeout)},
		{"http.write_timeout", duration(&o.HTTP.WriteTimeout)},
		{"http.idle_timeout", duration(&o.HTTP.IdleTimeout)},
		{"http.shutdown_timeout", duration(&o.HTTP.ShutdownTimeout)},
		{"http.max_body_bytes", whole(&o.HTTP.MaxBodyBytes, 1, maxCount)},
		{"metrics.access", choice(&o.Metrics.Access, "open", "operator")},
		{"rate_limit.requests_per_second", number(&o.RateLimit.RequestsPerSecond, 0, 1e6)},
		{"rate_limit.burst", whole(&o.RateLimit.Burst, 1, maxCount)},
		{"webhooks.allow_http", truth(&o.Webhooks.AllowHTTP)},
		{"webhooks.allowed_networks", networks(&o.Webhooks.AllowedNetworks)},
		{"webhooks.timeout", duration(&o.Webhooks.Timeout)},
		{"privacy.positions", age(&o.Privacy.Positions)},
		{"privacy.history", age(&o.Privacy.History)},
		{"privacy.decisions", age(&o.Privacy.Decisions)},
	}
}

// Validate returns nil, or Faults with every field that is out of its bounds.
func (o Options) Validate() error {
	var faults Faults
	for _, s := range o.settings() {
		if problem := s.check(); problem != "" {
			faults = append(faults, Fault{Path: s.path, Message: problem})
		}
	}
	return faults.err()
}
