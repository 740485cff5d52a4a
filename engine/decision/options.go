package decision

import (
	"errors"
	"fmt"
	"log/slog"
	"math"

	"github.com/bojanz/currency"
	"golang.org/x/text/language"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
)

// Options says what a Service works with.
type Options struct {
	Snapshots engine.Snapshots   // required
	Limits    engine.Limits      // nil: no offer is kept back by budgets, caps or pacing
	Log       engine.DecisionLog // required
	// Receipts keeps the answers to requests with an idempotency key. Nil: Log, where it is an OnceLog, as store.DB is;
	// otherwise such requests are refused.
	Receipts OnceLog
	IDs      engine.IDs // required; its reader is read by many requests at once, as crypto/rand.Reader allows

	// DefaultSpend is what a purchase is taken to be at least where the request does not tell. Zero: 50.00 USD.
	DefaultSpend engine.Money
	// IPAccuracy is the radius of 68 % confidence of a fix by IP address that names none. 0: 5,000 m.
	IPAccuracy geo.Meters
	// WalkingSpeed, in metres a second, widens a fix by its age. 0: 1.4, a usual walking pace; negative: none.
	WalkingSpeed float64
	// Language, a BCP 47 tag, is offered to travellers of whose languages a text has none. Empty: en.
	Language string
	// Queue is the number of decisions that may wait for the log; one above it is answered and not logged. 0: 4096.
	Queue int
	// Logger is told what goes wrong in writing the log. Nil: slog.Default().
	Logger *slog.Logger
}

// The defaults of Options.
const (
	defaultIPAccuracy   geo.Meters = 5000
	defaultWalkingSpeed            = 1.4
	defaultLanguage                = "en"
	defaultQueue                   = 4096
	defaultSpendAmount             = 5000
	defaultSpendUnit               = "USD"
)

// settings are the options that a decision itself depends on, with the defaults filled in.
type settings struct {
	limits       engine.Limits
	defaultSpend engine.Money
	ipAccuracy   geo.Meters
	walkingSpeed float64
	fallback     language.Tag
	fallbackName string
	told         *engine.Settings // what decisions tell of these
}

// settings checks o and fills in its defaults.
func (o *Options) settings() (settings, error) {
	s, err := o.ownSettings()
	faults := []error{err}
	if o.Snapshots == nil {
		faults = append(faults, errors.New("snapshots: required"))
	}
	if o.Log == nil {
		faults = append(faults, errors.New("log: required"))
	}
	if o.IDs.Random == nil {
		faults = append(faults, errors.New("ids: a source of randomness is required"))
	}
	if o.Queue < 0 {
		faults = append(faults, fmt.Errorf("queue: %d is below 0", o.Queue))
	}
	return s, errors.Join(faults...)
}

// ownSettings checks what a decision itself depends on and fills in the defaults.
func (o *Options) ownSettings() (settings, error) {
	s := settings{
		limits:       o.Limits,
		defaultSpend: o.DefaultSpend,
		ipAccuracy:   o.IPAccuracy,
		walkingSpeed: max(0, o.WalkingSpeed),
		fallbackName: o.Language,
	}
	if o.WalkingSpeed == 0 {
		s.walkingSpeed = defaultWalkingSpeed
	}
	if s.ipAccuracy == 0 {
		s.ipAccuracy = defaultIPAccuracy
	}
	if s.fallbackName == "" {
		s.fallbackName = defaultLanguage
	}
	if s.defaultSpend.IsZero() {
		s.defaultSpend = engine.Money{Amount: defaultSpendAmount, Currency: defaultSpendUnit}
	}
	s.told = &engine.Settings{DefaultSpend: s.defaultSpend, IPAccuracy: s.ipAccuracy, WalkingSpeed: s.walkingSpeed, Language: s.fallbackName}

	var faults []error
	if !currency.IsValid(s.defaultSpend.Currency) || s.defaultSpend.Amount < 0 {
		faults = append(faults, fmt.Errorf("default spend: %s is not an amount from 0 of an ISO 4217 currency", s.defaultSpend))
	}
	if accuracy := float64(s.ipAccuracy); !(accuracy > 0) || math.IsInf(accuracy, 0) {
		faults = append(faults, fmt.Errorf("ip accuracy: %v m is not a finite number above 0", accuracy))
	}
	if math.IsNaN(o.WalkingSpeed) || math.IsInf(o.WalkingSpeed, 0) {
		faults = append(faults, fmt.Errorf("walking speed: %v is not finite", o.WalkingSpeed))
	}
	var err error
	if s.fallback, err = language.Parse(s.fallbackName); err != nil {
		faults = append(faults, fmt.Errorf("language %q: %w", s.fallbackName, err))
	}
	return s, errors.Join(faults...)
}
