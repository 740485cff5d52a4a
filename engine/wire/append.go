package wire

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/scoring"
)

// AppendDecision appends d as the JSON of Decision, without its request. It is deterministic. The forms of creatives are kept with them; besides that it
// makes no garbage but what dst grows by.
func AppendDecision(dst []byte, d *engine.Decision) []byte {
	dst = appendHead(dst, d)
	return appendPlacements(dst, d)
}

// AppendRecord appends d with the request that it answers.
func AppendRecord(dst []byte, d *engine.Decision) ([]byte, error) {
	request, err := json.Marshal(RequestOf(d.Request))
	if err != nil {
		return dst, err
	}
	dst = appendHead(dst, d)
	dst = append(dst, `,"request":`...)
	dst = append(dst, request...)
	return appendPlacements(dst, d), nil
}

func appendHead(dst []byte, d *engine.Decision) []byte {
	dst = append(dst, `{"decision_id":`...)
	dst = quote(dst, d.ID)
	dst = append(dst, `,"time":`...)
	dst = appendTime(dst, d.Time)
	dst = append(dst, `,"catalog_version":`...)
	dst = strconv.AppendUint(dst, d.CatalogVersion, 10)
	dst = append(dst, `,"scoring_profile":{"name":`...)
	dst = quote(dst, d.Profile.Name)
	dst = append(dst, `,"version":`...)
	dst = strconv.AppendUint(dst, d.Profile.Version, 10)
	dst = append(dst, '}')
	if d.BeliefEpoch > 0 {
		dst = append(dst, `,"belief_epoch":`...)
		dst = strconv.AppendUint(dst, d.BeliefEpoch, 10)
	}
	if d.PriceEpoch > 0 {
		dst = append(dst, `,"price_epoch":`...)
		dst = strconv.AppendUint(dst, d.PriceEpoch, 10)
	}
	if !d.RatesDate.IsZero() {
		dst = append(dst, `,"rates_date":`...)
		dst = appendDate(dst, d.RatesDate)
	}
	return dst
}

func appendPlacements(dst []byte, d *engine.Decision) []byte {
	full := d.Request != nil && d.Request.Explain == engine.ExplainFull
	var saved savingUnit
	dst = append(dst, `,"placements":[`...)
	for i := range d.Placements {
		p := &d.Placements[i]
		dst = comma(dst, i)
		dst = append(dst, `{"id":`...)
		dst = quote(dst, p.ID)
		dst = append(dst, `,"offers":[`...)
		for j := range p.Offers {
			dst = comma(dst, j)
			dst = appendOffer(dst, &p.Offers[j], &saved)
		}
		dst = append(dst, ']')
		if full {
			dst = append(dst, `,"rejected":[`...)
			for j := range p.Rejected {
				dst = comma(dst, j)
				dst = appendRejection(dst, &p.Rejected[j])
			}
			dst = append(dst, ']')
		}
		dst = append(dst, '}')
	}
	return append(dst, "]}"...)
}

// appendOffer writes the parts of the creative, and between them what the request added.
func appendOffer(dst []byte, o *engine.Offer, saved *savingUnit) []byte {
	c, f := o.Creative, toldForm(o.Creative)
	dst = appendTold(dst, c, f, toldNames)
	dst = strconv.AppendInt(dst, int64(o.Position), 10)
	dst = appendTold(dst, c, f, toldVenue)
	dst = number(dst, float64(o.Distance))
	dst = appendTold(dst, c, f, toldWords)
	if o.Saving != nil {
		dst = saved.append(dst, o.Saving)
	}
	dst = append(dst, `,"inside_probability":`...)
	dst = number(dst, o.InsideProbability)
	if o.Match == engine.MatchFence {
		dst = append(dst, `,"match":"fence"`...)
	} else {
		dst = quote(append(dst, `,"match":`...), string(o.Match))
	}
	dst = appendTold(dst, c, f, toldEnd)
	dst = number(dst, o.Score)
	if o.Price != 0 {
		dst = append(dst, `,"budget_price":`...)
		dst = number(dst, o.Price)
	}
	dst = append(dst, `,"propensity":`...)
	dst = number(dst, o.Propensity)
	if o.Explanation != nil {
		dst = append(dst, `,"explanation":`...)
		dst = appendExplanation(dst, o.Explanation)
	}
	return append(dst, '}')
}

// savingUnit is what the savings of a decision mostly have in common, and where it was written last.
type savingUnit struct {
	currency   string
	date       engine.Date
	begin, end int // in what is being appended to; end 0: not yet written
}

func (u *savingUnit) append(dst []byte, s *engine.Saving) []byte {
	dst = append(dst, `,"estimated_saving":{"amount":`...)
	dst = strconv.AppendInt(dst, s.Amount, 10)
	if u.end > 0 && u.currency == s.Currency && u.date == s.RateDate {
		return append(dst, dst[u.begin:u.end]...)
	}
	u.currency, u.date, u.begin = s.Currency, s.RateDate, len(dst)
	dst = append(dst, `,"currency":`...)
	dst = quote(dst, s.Currency)
	if !s.RateDate.IsZero() {
		dst = append(dst, `,"rate_date":`...)
		dst = appendDate(dst, s.RateDate)
	}
	dst = append(dst, '}')
	u.end = len(dst)
	return dst
}

func appendRejection(dst []byte, r *engine.Rejection) []byte {
	dst = append(dst, `{"offer_id":`...)
	dst = quote(dst, r.OfferID)
	dst = append(dst, `,"campaign_id":`...)
	dst = quote(dst, r.CampaignID)
	dst = append(dst, `,"merchant_id":`...)
	dst = quote(dst, r.MerchantID)
	dst = append(dst, `,"venue_id":`...)
	dst = quote(dst, r.VenueID)
	dst = append(dst, `,"reasons":[`...)
	for i, reason := range r.Reasons {
		dst = comma(dst, i)
		dst = append(dst, `{"code":`...)
		dst = strconv.AppendInt(dst, int64(reason.Code), 10)
		dst = append(dst, `,"name":`...)
		dst = quote(dst, reason.Code.String())
		dst = append(dst, `,"message":`...)
		dst = quote(dst, reason.Message)
		dst = append(dst, '}')
	}
	return append(dst, "]}"...)
}

func appendExplanation(dst []byte, e *scoring.Explanation) []byte {
	dst = append(dst, `{"value":`...)
	dst = number(dst, e.Value)
	dst = append(dst, `,"message":`...)
	dst = quote(dst, e.Message)
	if len(e.Children) > 0 {
		dst = append(dst, `,"children":[`...)
		for i, child := range e.Children {
			dst = comma(dst, i)
			dst = appendExplanation(dst, child)
		}
		dst = append(dst, ']')
	}
	return append(dst, '}')
}

func comma(dst []byte, i int) []byte {
	if i > 0 {
		return append(dst, ',')
	}
	return dst
}

func appendTime(dst []byte, t time.Time) []byte {
	dst = append(dst, '"')
	dst = t.AppendFormat(dst, time.RFC3339Nano)
	return append(dst, '"')
}
