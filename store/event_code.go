package store

import (
	"github.com/sihai-network/sihai/engine"
)

func writeEvent(m *message, e *engine.Event) {
	m.str(1, e.ID)
	m.str(2, string(e.Type))
	m.time(3, e.Time)
	m.time(4, e.Received)
	m.str(5, e.DecisionID)
	m.str(6, e.Placement)
	m.int(7, int64(e.Position))
	m.str(8, e.UserID)
	m.str(9, e.MerchantID)
	m.str(10, e.CampaignID)
	m.str(11, e.VenueID)
}

func readEvent(e *engine.Event, f *field) {
	switch f.num {
	case 1:
		e.ID = f.str()
	case 2:
		e.Type = engine.EventType(f.str())
	case 3:
		e.Time = f.time()
	case 4:
		e.Received = f.time()
	case 5:
		e.DecisionID = f.str()
	case 6:
		e.Placement = f.str()
	case 7:
		e.Position = int(f.int())
	case 8:
		e.UserID = f.str()
	case 9:
		e.MerchantID = f.str()
	case 10:
		e.CampaignID = f.str()
	case 11:
		e.VenueID = f.str()
	}
}
