package engine

// ReasonCode numbers a reason for which a candidate was not offered, or an offer not honoured. Codes are never renumbered; a new one takes a free number in the same tens.
type ReasonCode int

// The reasons.
const (
	OutsideGeofence     ReasonCode = 310
	LocationMissing     ReasonCode = 311
	LocationTooVague    ReasonCode = 312
	NotInFlight         ReasonCode = 320
	VenueClosed         ReasonCode = 321
	BlackedOut          ReasonCode = 322
	BudgetExhausted     ReasonCode = 330
	PacedOut            ReasonCode = 331
	CodeRequired        ReasonCode = 332 // the campaign is used with a voucher code, and none was given
	CodeUnknown         ReasonCode = 333 // the campaign has no such code
	CodeUsed            ReasonCode = 334 // the code was used as often as it may be
	BelowMinSpend       ReasonCode = 335 // the purchase is too small
	RateUnknown         ReasonCode = 336 // no reference rate converts what has to be compared
	FrequencyCapped     ReasonCode = 340
	UserLimitReached    ReasonCode = 341
	UserMissing         ReasonCode = 342 // there is a limit per user, and nobody was named
	AudienceNotMatched  ReasonCode = 350
	LanguageNotOffered  ReasonCode = 351
	CategoryExcluded    ReasonCode = 360
	MerchantExcluded    ReasonCode = 361
	PartnerNotAccepted  ReasonCode = 362 // the venue accepts the wallet through none of its partners
	NotEnabled          ReasonCode = 370
	NotReserved         ReasonCode = 371 // a reservation was confirmed, released or has expired
	NotConfirmed        ReasonCode = 372 // what was not used, or was undone already, cannot be undone
	RollbackTooLarge    ReasonCode = 373 // more would be undone than is left
	BelowScoreFloor     ReasonCode = 380
	RejectedByDiversity ReasonCode = 381
	Outranked           ReasonCode = 382
	NotStackable        ReasonCode = 383 // another offer of the same purchase shuts it out
	NothingLeft         ReasonCode = 384 // the other offers of the purchase have taken all of it
)

var reasonNames = map[ReasonCode]string{
	OutsideGeofence: "outside_geofence", LocationMissing: "location_missing", LocationTooVague: "location_too_vague",
	NotInFlight: "not_in_flight", VenueClosed: "venue_closed", BlackedOut: "blacked_out",
	BudgetExhausted: "budget_exhausted", PacedOut: "paced_out",
	CodeRequired: "code_required", CodeUnknown: "code_unknown", CodeUsed: "code_used", BelowMinSpend: "below_min_spend", RateUnknown: "rate_unknown",
	FrequencyCapped: "frequency_capped", UserLimitReached: "user_limit_reached", UserMissing: "user_missing",
	AudienceNotMatched: "audience_not_matched", LanguageNotOffered: "language_not_offered",
	CategoryExcluded: "category_excluded", MerchantExcluded: "merchant_excluded", PartnerNotAccepted: "partner_not_accepted",
	NotEnabled: "not_enabled", NotReserved: "not_reserved", NotConfirmed: "not_confirmed", RollbackTooLarge: "rollback_too_large",
	BelowScoreFloor: "below_score_floor", RejectedByDiversity: "diversity", Outranked: "outranked",
	NotStackable: "not_stackable", NothingLeft: "nothing_left",
}

// IsLimit reports whether budgets, pacing or caps are what keeps a candidate out: what Limits says.
func (c ReasonCode) IsLimit() bool { return c >= BudgetExhausted && c < AudienceNotMatched }

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
