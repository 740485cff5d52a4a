package engine

import (
	"context"
	"time"
)

// DecisionParts says which parts of logged decisions a scan reads. ID, time, versions and the placements' IDs are always read.
type DecisionParts uint16

// The parts of a decision.
const (
	PartUser         DecisionParts = 1 << iota // of the request
	PartLocation                               // of the request
	PartAsk                                    // the rest of the request: currency, radius, purchase, placements asked; and the settings
	PartOffers                                 // names, position, venue, distance, chances, match, language, score and propensity of offers
	PartFeatures                               // of offers, with PartOffers
	PartTexts                                  // texts, discount, saving and end of offers, with PartOffers
	PartRejections                             // of decisions that were explained, and what limits withheld
	PartExplanations                           // of offers, with PartOffers

	AllParts DecisionParts = 1<<iota - 1
)

// Has reports whether all of some parts are in p.
func (p DecisionParts) Has(some DecisionParts) bool { return p&some == some }

// LogSpan says which part of a log to read.
type LogSpan struct {
	From, Until time.Time // when it was logged, to the millisecond; the end is exclusive. Zero: unbounded
	// OneIn thins the log out: of some decisions each, those that were logged together, only one in so many is read. Which ones follows from where they are,
	// so that the same log gives the same sample, and each decision has the same chance to be in it. 0 and 1: all are read.
	OneIn uint64
}

// DecisionScan reads the decision log.
type DecisionScan interface {
	// ScanDecisions calls fn for each decision of a span, in the order in which they were logged, with the parts asked for; the others are empty. With
	// mentions only decisions that hold this text somewhere, and some others. The decision and its slices are fn's until it returns; strings and
	// explanations may be kept. An error of fn ends the scan and is returned as it is. Cost: the blocks of the span, some 128 KiB each.
	ScanDecisions(ctx context.Context, s LogSpan, parts DecisionParts, mentions string, fn func(*Decision) error) error
	// DecisionsIn estimates the number of decisions in a span. Cost: some fifty blocks.
	DecisionsIn(ctx context.Context, s LogSpan) (uint64, error)
}

// EventScan reads the event log.
type EventScan interface {
	// ScanEvents calls fn for each event that was received in a span, in the order in which they were kept; OneIn is not looked at. The event is
	// fn's until it returns; strings may be kept. An event may be there twice, see Event.ID.
	ScanEvents(ctx context.Context, s LogSpan, fn func(*Event) error) error
}
