package store

import "github.com/sihai-network/sihai/engine"

func writeStagedChange(m *message, c *engine.StagedChange) {
	m.str(1, c.ID)
	m.str(2, c.CampaignID)
	if c.Campaign != nil {
		m.sub(3, func() { writeCampaign(m, c.Campaign) })
	}
	m.str(4, string(c.Status))
	m.uint(5, c.Base)
	m.bool(6, c.Absent)
	m.time(7, c.LiveAt)
	m.str(8, string(c.State))
	m.str(9, c.By)
	m.time(10, c.Created)
	m.str(11, c.DecidedBy)
	m.time(12, c.Decided)
	m.str(13, c.Note)
	m.time(14, c.Made)
	m.uint(15, c.Version)
	m.str(16, string(c.Action))
	m.str(17, c.Detail)
	for _, f := range c.Faults {
		m.sub(18, func() {
			m.str(1, f.Path)
			m.str(2, f.Code)
			m.str(3, f.Message)
		})
	}
}

func readStagedChange(c *engine.StagedChange, f *field) {
	switch f.num {
	case 1:
		c.ID = f.str()
	case 2:
		c.CampaignID = f.str()
	case 3:
		c.Campaign = new(engine.Campaign)
		f.sub(readInto(c.Campaign, readCampaign))
	case 4:
		c.Status = engine.Status(f.str())
	case 5:
		c.Base = f.uint()
	case 6:
		c.Absent = f.bool()
	case 7:
		c.LiveAt = f.time()
	case 8:
		c.State = engine.StagedState(f.str())
	default:
		readStagedOutcome(c, f)
	}
}

// readStagedOutcome reads who asked for a change and what became of it.
func readStagedOutcome(c *engine.StagedChange, f *field) {
	switch f.num {
	case 9:
		c.By = f.str()
	case 10:
		c.Created = f.time()
	case 11:
		c.DecidedBy = f.str()
	case 12:
		c.Decided = f.time()
	case 13:
		c.Note = f.str()
	case 14:
		c.Made = f.time()
	case 15:
		c.Version = f.uint()
	case 16:
		c.Action = engine.AuditAction(f.str())
	case 17:
		c.Detail = f.str()
	case 18:
		var fault engine.Fault
		f.sub(func(f *field) {
			switch f.num {
			case 1:
				fault.Path = f.str()
			case 2:
				fault.Code = f.str()
			case 3:
				fault.Message = f.str()
			}
		})
		c.Faults = append(c.Faults, fault)
	}
}
