package catalog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/scoring"
)

// Options are what a Service works with.
type Options struct {
	Store  engine.Store // required
	Zones  Zones        // finds the zone of a venue that names none; required
	Random io.Reader    // of secrets and IDs; crypto/rand.Reader in production; required
	Now    engine.Clock // tells when an upload was finished; nil: time.Now
	Memory Memory       // bounds what comes in; nil: nothing does
	// Partners are the acquirers that venues and keys may name. Empty: any.
	Partners []string
	// ImportEnded is told of each import once it is done, failed or was cancelled; of a dry run only where that is on record. It is called before
	// the import is answered, and again where a crash comes between. nil: nobody is told.
	ImportEnded func(ctx context.Context, report engine.Import)
}

// Service checks what comes in and writes it to the store. Safe for concurrent use.
type Service struct {
	store     engine.Store
	zones     Zones
	random    io.Reader
	now       engine.Clock
	rules     *Rules
	locations *locations
	room      room
	moments   moments  // of staged changes
	partners  []string // that are known; nil: all are

	importEnded func(ctx context.Context, report engine.Import)
}

var (
	_ engine.Catalog  = (*Service)(nil)
	_ engine.Importer = (*Service)(nil)
)

// New returns a service over a store, which stays the caller's to close.
func New(o Options) *Service {
	if o.Now == nil {
		o.Now = time.Now
	}
	l := newLocations()
	return &Service{
		store: o.Store, zones: o.Zones, random: o.Random, now: o.Now, rules: newRules(l), locations: l, room: room{o.Memory}, partners: o.Partners, importEnded: o.ImportEnded,
	}
}

// PutMerchant checks m and stores it as a new version.
func (s *Service) PutMerchant(ctx context.Context, w engine.Write, m engine.Merchant) (engine.Merchant, error) {
	if err := s.CheckMerchant(&m).Err(); err != nil {
		return engine.Merchant{}, err
	}
	normalizeMerchant(&m)
	for {
		guarded, err := s.keepsApproval(ctx, w, &m)
		if err != nil {
			return engine.Merchant{}, err
		}
		put, err := s.store.PutMerchant(ctx, guarded, m)
		if errors.Is(err, engine.ErrStale) && w.If.Version == 0 || errors.Is(err, engine.ErrExists) && !w.If.Absent {
			continue // it has changed since it was looked at
		}
		return put, err
	}
}

// keepsApproval returns the write of a merchant on condition that nothing changes meanwhile. A merchant's own key can ask for approvals, and only an operator can take that back:
// a fault otherwise.
func (s *Service) keepsApproval(ctx context.Context, w engine.Write, m *engine.Merchant) (engine.Write, error) {
	own, err := s.isMerchants(ctx, w.By)
	if err != nil || !own {
		return w, err
	}
	stored, err := s.store.Merchant(ctx, m.ID)
	if errors.Is(err, engine.ErrNotFound) {
		w.If.Absent = true
		return w, nil
	}
	if err != nil {
		return w, err
	}
	if stored.Approval != engine.ApprovalNone && m.Approval != stored.Approval {
		var k checker
		k.add("approval", "forbidden", "only an operator can take back that changes need an approval; send %q along", stored.Approval)
		return w, k.faults
	}
	if w.If.Version == 0 && !w.If.Absent && w.Once == nil {
		w.If.Version = stored.Meta.Version
	}
	return w, nil
}

// PutVenue checks v, finds its time zone where it names none and stores it as a new version. engine.ErrNoRoom where the memory is full.
func (s *Service) PutVenue(ctx context.Context, w engine.Write, v engine.Venue) (engine.Venue, error) {
	faults := s.CheckVenue(&v)
	if len(faults) > 0 {
		return engine.Venue{}, faults
	}
	normalizeVenue(&v)
	faults, err := s.fillZone(&v)
	if err != nil {
		return engine.Venue{}, fmt.Errorf("put venue %s/%s: %w", v.MerchantID, v.ID, err)
	}
	if len(faults) > 0 {
		return engine.Venue{}, faults
	}
	if err := s.room.admit(venueBytes, "the venue"); err != nil {
		return engine.Venue{}, fmt.Errorf("put venue %s/%s: %w", v.MerchantID, v.ID, err)
	}
	return s.store.PutVenue(ctx, w, v)
}

// fillZone sets the time zone of a checked venue that has none. A place without a known zone is a fault; an error is a
// failure to look.
func (s *Service) fillZone(v *engine.Venue) (engine.Faults, error) {
	if v.TimeZone != "" {
		return nil, nil
	}
	name, err := s.zones.Zone(v.Position)
	if err == nil {
		if _, unknown := s.locations.load(name); unknown == nil {
			v.TimeZone = name
			return nil, nil
		}
		err = ErrNoZone
	}
	if !errors.Is(err, ErrNoZone) {
		return nil, err
	}
	var faults engine.Faults
	faults.Add("time_zone", "unknown_zone", "no time zone is known at %v, %v: name one", v.Position.Lat, v.Position.Lng)
	return faults, nil
}

// DeleteVenue removes a venue that no campaign names.
func (s *Service) DeleteVenue(ctx context.Context, w engine.Write, merchant, id string) error {
	return s.store.DeleteVenue(ctx, w, merchant, id)
}

// PutCampaign checks c and stores it as a new version. An archived campaign cannot become anything else: Faults then. engine.ErrNoRoom for one
// that is new where the memory is full, *engine.PendingApproval where another key of the merchant has to approve it.
func (s *Service) PutCampaign(ctx context.Context, w engine.Write, c engine.Campaign) (engine.Campaign, error) {
	if err := s.CheckCampaign(&c).Err(); err != nil {
		return engine.Campaign{}, err
	}
	normalizeCampaign(&c)
	if err := s.gate(ctx, w, engine.StagedChange{MerchantID: c.MerchantID, CampaignID: c.ID, Campaign: &c}); err != nil {
		return engine.Campaign{}, err
	}
	return s.replaceCampaign(ctx, w, c)
}

// replaceCampaign puts c in the place of what is there, or makes it where there is nothing: the look at what is there and
// the write are one transaction either way.
func (s *Service) replaceCampaign(ctx context.Context, w engine.Write, c engine.Campaign) (engine.Campaign, error) {
	replace := func(stored *engine.Campaign) error {
		if err := staysArchived(stored.Status, c.Status).Err(); err != nil {
			return err
		}
		meta := stored.Meta
		*stored = c
		stored.Meta = meta
		return nil
	}
	fresh := w
	fresh.If = engine.Precondition{Absent: true}
	for {
		if !w.If.Absent {
			stored, err := s.store.UpdateCampaign(ctx, w, c.MerchantID, c.ID, replace)
			if w.If.Version != 0 || !errors.Is(err, engine.ErrNotFound) {
				return stored, err
			}
		}
		if err := s.room.admit(campaignFootprint(&c), "the campaign"); err != nil {
			return engine.Campaign{}, fmt.Errorf("put campaign %s/%s: %w", c.MerchantID, c.ID, err)
		}
		stored, err := s.store.PutCampaign(ctx, fresh, c)
		if w.If.Absent || !errors.Is(err, engine.ErrExists) {
			return stored, err
		}
	}
}

// staysArchived tells of a status that an archived campaign cannot take.
func staysArchived(from, to engine.Status) engine.Faults {
	var faults engine.Faults
	if from == engine.StatusArchived && to != engine.StatusArchived {
		faults.Add("status", "invalid", "an archived campaign stays archived; give the new one an ID of its own")
	}
	return faults
}

// SetStatus enables, disables or archives a campaign; any other status is a fault. *engine.PendingApproval where another key of the merchant has to approve it, which
// to disable needs none.
func (s *Service) SetStatus(ctx context.Context, w engine.Write, merchant, id string, status engine.Status) (engine.Campaign, error) {
	var k checker
	among(&k, "status", status, engine.StatusEnabled, engine.StatusDisabled, engine.StatusArchived)
	if err := k.faults.Err(); err != nil {
		return engine.Campaign{}, err
	}
	w.Action = statusAction(status)
	if status != engine.StatusDisabled { // what goes wrong can be stopped at once
		if err := s.gate(ctx, w, engine.StagedChange{MerchantID: merchant, CampaignID: id, Status: status}); err != nil {
			return engine.Campaign{}, err
		}
	}
	return s.store.UpdateCampaign(ctx, w, merchant, id, func(c *engine.Campaign) error {
		if err := staysArchived(c.Status, status).Err(); err != nil {
			return err
		}
		c.Status = status
		return nil
	})
}

// RequireCode makes a campaign that has voucher codes say that it is used with one of them. One that says so already stays as it is.
func (s *Service) RequireCode(ctx context.Context, w engine.Write, merchant, id string) error {
	c, err := s.store.Campaign(ctx, merchant, id)
	if err != nil || c.CodeRequired {
		return err
	}
	_, err = s.store.UpdateCampaign(ctx, engine.Write{At: w.At, By: w.By}, merchant, id, func(c *engine.Campaign) error {
		c.CodeRequired = true
		return nil
	})
	return err
}

// PutProfile checks p and stores it as the next version of its name.
func (s *Service) PutProfile(ctx context.Context, w engine.Write, p scoring.Profile) (scoring.Profile, error) {
	if err := p.Validate(); err != nil {
		return scoring.Profile{}, profileFaults(err)
	}
	return s.store.PutProfile(ctx, w, p)
}

// profileFaults gives the faults of a profile as those of the engine.
func profileFaults(err error) error {
	var found scoring.Faults
	if !errors.As(err, &found) {
		return err
	}
	var faults engine.Faults
	for _, f := range found {
		faults.Add(f.Path, f.Code, "%s", f.Message)
	}
	return faults
}

// ActivateProfile makes a version of a profile the active one; version 0 is the newest.
func (s *Service) ActivateProfile(ctx context.Context, w engine.Write, name string, version uint64) (scoring.Profile, error) {
	return s.store.ActivateProfile(ctx, w, name, version)
}

// PutRates checks days of reference rates, adds or replaces them, and returns how many changed.
func (s *Service) PutRates(ctx context.Context, w engine.Write, days engine.Rates) (int, error) {
	if err := checkRates(days).Err(); err != nil {
		return 0, err
	}
	return s.store.PutRates(ctx, w, days)
}

// Seeder is the author of what Seed writes.
const Seeder = "system"

// Seed gives a store without an active scoring profile one: the newest version of the default profile, which is
// scoring.Default where there is none yet. On any other store it changes nothing.
func (s *Service) Seed(ctx context.Context, at time.Time) error {
	_, err := s.store.ActiveProfile(ctx)
	if err == nil {
		return nil
	}
	if !errors.Is(err, engine.ErrNotFound) {
		return fmt.Errorf("read active scoring profile: %w", err)
	}
	w := engine.Write{At: at, By: Seeder}
	_, err = s.store.Profile(ctx, scoring.DefaultName, 0)
	if errors.Is(err, engine.ErrNotFound) {
		_, err = s.PutProfile(ctx, w, scoring.Default())
	}
	if err != nil {
		return fmt.Errorf("seed scoring profile: %w", err)
	}
	_, err = s.ActivateProfile(ctx, w, scoring.DefaultName, 0)
	return err
}
