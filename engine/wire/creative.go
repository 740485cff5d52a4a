package wire

import (
	"strconv"

	"github.com/sihai-network/sihai/engine"
)

// The parts of a creative's JSON, in the order in which they stand in an offer. Each ends where a member follows that the request added.
const (
	toldNames = iota // to the position
	toldVenue        // to the distance
	toldWords        // to the estimated saving
	toldEnd          // from behind the match to the score
)

// appendTold appends a part of a creative, off its form if there is one.
func appendTold(dst []byte, c *engine.Creative, f *engine.Form, part int) []byte {
	if f != nil {
		begin := 0
		if part > 0 {
			begin = f.Ends[part-1]
		}
		return append(dst, f.Text[begin:f.Ends[part]]...)
	}
	switch part {
	case toldNames:
		return appendNames(dst, c)
	case toldVenue:
		return appendVenue(dst, &c.Venue)
	case toldWords:
		return appendWords(dst, c)
	}
	return appendEnd(dst, c)
}

// toldForm returns the form of a creative, made at its first use; nil for a creative that keeps none.
func toldForm(c *engine.Creative) *engine.Form {
	if c.Forms == nil {
		return nil
	}
	if f := c.Forms.Told.Load(); f != nil {
		return f
	}
	f := new(engine.Form)
	text := make([]byte, 0, 1024)
	for part := range f.Ends {
		text = appendTold(text, c, nil, part)
		f.Ends[part] = len(text)
	}
	f.Text = append([]byte(nil), text...)
	c.Forms.Told.Store(f)
	return f
}

func appendNames(dst []byte, c *engine.Creative) []byte {
	dst = append(dst, `{"offer_id":`...)
	dst = quote(dst, c.ID)
	dst = append(dst, `,"campaign_id":`...)
	dst = quote(dst, c.CampaignID)
	dst = append(dst, `,"merchant_id":`...)
	dst = quote(dst, c.MerchantID)
	return append(dst, `,"position":`...)
}

func appendVenue(dst []byte, v *engine.OfferVenue) []byte {
	dst = append(dst, `,"venue":{"id":`...)
	dst = quote(dst, v.ID)
	dst = append(dst, `,"name":`...)
	dst = quote(dst, v.Name)
	dst = append(dst, `,"lat":`...)
	dst = number(dst, v.Position.Lat)
	dst = append(dst, `,"lon":`...)
	dst = number(dst, v.Position.Lng)
	dst = optional(dst, `,"category":`, v.Category)
	dst = append(dst, `,"time_zone":`...)
	dst = quote(dst, v.TimeZone)
	return append(dst, `,"distance":`...)
}

func appendWords(dst []byte, c *engine.Creative) []byte {
	dst = append(dst, `},"title":`...)
	dst = quote(dst, c.Title)
	dst = optional(dst, `,"description":`, c.Description)
	dst = optional(dst, `,"terms":`, c.Terms)
	dst = optional(dst, `,"image_url":`, c.ImageURL)
	dst = append(dst, `,"content_language":`...)
	dst = quote(dst, c.Language)
	dst = append(dst, `,"discount":`...)
	return appendDiscount(dst, &c.Discount)
}

func appendEnd(dst []byte, c *engine.Creative) []byte {
	if !c.EndsAt.IsZero() {
		dst = append(dst, `,"ends_at":`...)
		dst = appendTime(dst, c.EndsAt)
	}
	if !c.StartsAt.IsZero() {
		dst = append(dst, `,"starts_at":`...)
		dst = appendTime(dst, c.StartsAt)
	}
	if c.CodeRequired {
		dst = append(dst, `,"code_required":true`...)
	}
	return append(dst, `,"score":`...)
}

func appendDiscount(dst []byte, d *engine.Discount) []byte {
	dst = append(dst, `{"type":`...)
	dst = quote(dst, string(d.Type))
	if d.Percent != 0 {
		dst = append(dst, `,"percent":`...)
		dst = number(dst, float64(d.Percent)/100)
	}
	dst = money(dst, `,"max":`, d.Max)
	dst = money(dst, `,"amount":`, d.Amount)
	dst = money(dst, `,"price":`, d.Price)
	dst = money(dst, `,"regular_price":`, d.RegularPrice)
	if d.Buy != 0 {
		dst = append(dst, `,"buy":`...)
		dst = strconv.AppendInt(dst, int64(d.Buy), 10)
	}
	if d.Get != 0 {
		dst = append(dst, `,"get":`...)
		dst = strconv.AppendInt(dst, int64(d.Get), 10)
	}
	if len(d.Gift) > 0 {
		dst = append(dst, `,"gift":{`...)
		for i, tag := range d.Gift.Languages() {
			dst = comma(dst, i)
			dst = quote(dst, tag)
			dst = append(dst, ':')
			dst = quote(dst, d.Gift[tag])
		}
		dst = append(dst, '}')
	}
	dst = money(dst, `,"gift_value":`, d.GiftValue)
	dst = money(dst, `,"min_spend":`, d.MinSpend)
	return append(dst, '}')
}
