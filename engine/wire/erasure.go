package wire

import "github.com/sihai-network/sihai/engine"

// Erasure is the record of a user's history being erased. It does not say whose.
type Erasure struct {
	ID          string `json:"id"`
	State       string `json:"state" enum:"pending,purging,done" doc:"purging: no answer tells of the user any more, and the files are being rewritten; done: no file holds the ID"`
	AskedAt     string `json:"asked_at" format:"date-time"`
	FinishedAt  string `json:"finished_at,omitempty" format:"date-time"`
	Decisions   int64  `json:"decisions" doc:"that named the user, so far: they stay without"`
	Events      int64  `json:"events" doc:"the same"`
	Redemptions int64  `json:"redemptions" doc:"that named the user, so far: they stay, with a hash by which the limits of campaigns hold on"`
}

// ErasureOf returns e as it is sent.
func ErasureOf(e *engine.Erasure) Erasure {
	return Erasure{
		ID: e.ID, State: string(e.State), AskedAt: timeText(e.Asked), FinishedAt: timeText(e.Finished), Decisions: e.Decisions, Events: e.Events, Redemptions: e.Redemptions,
	}
}

// checkUserID refuses what stands for users whose ID was erased.
func checkUserID(path, id string, faults *engine.Faults) {
	if engine.IsErased(id) {
		faults.Add(path, "invalid", "erased: begins no ID of a user")
	}
}
