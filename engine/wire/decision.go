package wire

// Decision is the answer to a request. AppendDecision writes it; this type is for those who read it, and for its schema.
type Decision struct {
	DecisionID     string      `json:"decision_id" doc:"UUID version 7"`
	Time           string      `json:"time" format:"date-time" doc:"the moment decided for"`
	CatalogVersion uint64      `json:"catalog_version" doc:"position in the change feed"`
	ScoringProfile ProfileRef  `json:"scoring_profile"`
	BeliefEpoch    uint64      `json:"belief_epoch,omitempty" doc:"of what is believed of the weights of a profile that learns"`
	PriceEpoch     uint64      `json:"price_epoch,omitempty" doc:"of the prices of budgets, where the profile asks for them"`
	RatesDate      string      `json:"rates_date,omitempty" format:"date" doc:"of the reference rates used"`
	Request        *Request    `json:"request,omitempty" doc:"what was asked; of a recorded decision"`
	Placements     []Placement `json:"placements" doc:"in the request's order"`
}

// ProfileRef names a version of a scoring profile.
type ProfileRef struct {
	Name    string `json:"name"`
	Version uint64 `json:"version"`
}

// Placement is the answer for one slot.
type Placement struct {
	ID       string      `json:"id"`
	Offers   []Offer     `json:"offers" doc:"best first"`
	Rejected []Rejection `json:"rejected,omitempty" doc:"candidates that were not offered, by offer ID; with explain full"`
}

// Offer is what a traveller sees.
type Offer struct {
	OfferID           string       `json:"offer_id" doc:"campaign@venue; merchant/campaign@venue where two merchants share that"`
	CampaignID        string       `json:"campaign_id"`
	MerchantID        string       `json:"merchant_id"`
	Position          int          `json:"position" doc:"from 1"`
	Venue             OfferVenue   `json:"venue"`
	Title             string       `json:"title"`
	Description       string       `json:"description,omitempty"`
	Terms             string       `json:"terms,omitempty"`
	ImageURL          string       `json:"image_url,omitempty"`
	ContentLanguage   string       `json:"content_language" doc:"BCP 47"`
	Discount          Discount     `json:"discount"`
	EstimatedSaving   *Saving      `json:"estimated_saving,omitempty" doc:"left out when no rate or price is known"`
	InsideProbability float64      `json:"inside_probability" minimum:"0" maximum:"1" doc:"that the traveller is in the geofence, given the accuracy of the fix"`
	Match             string       `json:"match" enum:"fence,radius" doc:"the traveller is in its geofence, or its venue is within the radius asked for"`
	EndsAt            string       `json:"ends_at,omitempty" format:"date-time" doc:"exclusive end of the flight at the venue"`
	StartsAt          string       `json:"starts_at,omitempty" format:"date-time" doc:"of an offer that is shown ahead of its flight: when the flight starts at the venue; it cannot be used before"`
	CodeRequired      bool         `json:"code_required,omitempty" doc:"it is used with a voucher code"`
	Score             float64      `json:"score"`
	BudgetPrice       float64      `json:"budget_price,omitempty" doc:"taken from the score for what the offer is expected to take of its budgets"`
	Propensity        float64      `json:"propensity" doc:"chance of this offer at this position; 1 without exploration"`
	Explanation       *Explanation `json:"explanation,omitempty" doc:"sums to the score; with explain full"`
}

// OfferVenue is the venue of an offer.
type OfferVenue struct {
	ID       string  `json:"id"`
	Name     string  `json:"name"`
	Lat      float64 `json:"lat"`
	Lon      float64 `json:"lon"`
	Category string  `json:"category,omitempty"`
	TimeZone string  `json:"time_zone"`
	Distance float64 `json:"distance" doc:"metres from the request's location"`
}

// Saving is an estimate.
type Saving struct {
	Amount   int64  `json:"amount" doc:"minor units"`
	Currency string `json:"currency"`
	RateDate string `json:"rate_date,omitempty" format:"date" doc:"of the reference rate used to convert"`
}

// Explanation is a tree in which each node is the sum of its children.
type Explanation struct {
	Value    float64        `json:"value"`
	Message  string         `json:"message"`
	Children []*Explanation `json:"children,omitempty"`
}

// Rejection is a candidate and every reason that kept it out.
type Rejection struct {
	OfferID    string   `json:"offer_id"`
	CampaignID string   `json:"campaign_id"`
	MerchantID string   `json:"merchant_id"`
	VenueID    string   `json:"venue_id"`
	Reasons    []Reason `json:"reasons" doc:"by code"`
}

// Reason is a numbered reason; numbers and names never change.
type Reason struct {
	Code    int    `json:"code"`
	Name    string `json:"name"`
	Message string `json:"message"`
}
