package engine

// ReasonCode numbers a reason for which a candidate was not offered. Codes are never renumbered; a new one takes a free number in the same tens.
type ReasonCode int

// The reasons.
const (
	OutsideGeofence     ReasonCode = 310
	LocationMissing     ReasonCode = 311
	LocationTooVague    ReasonCode = 312
	NotInFlight         ReasonCode = 320
	VenueClosed         ReasonCode = 321
	BudgetExhausted     ReasonCode = 330
	PacedOut            ReasonCode = 331
	FrequencyCapped     ReasonCode = 340
	UserLimitReached    ReasonCode = 341
	AudienceNotMatched  ReasonCode = 350
	LanguageNotOffered  ReasonCode = 351
	CategoryExcluded    ReasonCode = 360
	MerchantExcluded    ReasonCode = 361
	NotEnabled          ReasonCode = 370
	BelowScoreFloor     ReasonCode = 380
	RejectedByDiversity ReasonCode = 381
	Outranked           ReasonCode = 382
)

var reasonNames = map[ReasonCode]string{
	OutsideGeofence: "outside_geofence", LocationMissing: "location_missing", LocationTooVague: "location_too_vague",
	NotInFlight: "not_in_flight", VenueClosed: "venue_closed",
	BudgetExhausted: "budget_exhausted", PacedOut: "paced_out",
	FrequencyCapped: "frequency_capped", UserLimitReached: "user_limit_reached",
	AudienceNotMatched: "audience_not_matched", LanguageNotOffered: "language_not_offered",
	CategoryExcluded: "category_excluded", MerchantExcluded: "merchant_excluded",
	NotEnabled:      "not_enabled",
	BelowScoreFloor: "below_score_floor", RejectedByDiversity: "diversity", Outranked: "outranked",
}

// String returns the reason's stable name, or "unknown".
func (c ReasonCode) String() string {
	if name, ok := reasonNames[c]; ok {
		return name
	}
	return "unknown"
}

// Reason is why a candidate was not offered, with the facts of this case: "opens at 17:00 in America/New_York".
type Reason struct {
	Code    ReasonCode
	Message string
}
