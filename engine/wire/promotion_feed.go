package wire

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// promotionFeed takes the columns of Google Merchant Center's promotions data (support.google.com/merchants/answer/2906014) to the members of a campaign.
// What a column says by itself is its member's; what follows from several, or is written otherwise there, stands in cells behind the record.
type promotionFeed struct {
	names   []string // of the header, as the specification writes them
	width   int
	follows []string // paths of the cells behind the record
	passed  []string // columns that were understood and have no member here
	venues  bool     // whether the feed says where: no column of the file's own does
}

// feedName writes a column's name as the specification does: "Promotion ID" and g:promotion_id are promotion_id.
func feedName(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	return strings.NewReplacer(" ", "_", "-", "_").Replace(strings.TrimPrefix(name, "g:"))
}

// isPromotionFeed reports whether a header is one of promotions.
func isPromotionFeed(header []string) bool {
	return slices.ContainsFunc(header, func(name string) bool {
		switch feedName(name) {
		case "promotion_id", "long_title", "promotion_effective_dates":
			return true
		}
		return false
	})
}

func newPromotionFeed(header []string) *promotionFeed {
	f := &promotionFeed{width: len(header), venues: true}
	for _, name := range header {
		f.names = append(f.names, feedName(name))
		if strings.HasPrefix(name, "venues.") || name == "venues" {
			f.venues = false
		}
		if target, known := f.target(name); known && target == "" && !f.read(feedName(name)) && !slices.Contains(f.passed, name) {
			f.passed = append(f.passed, name)
		}
	}
	return f
}

// target returns the member of a column of the feed, in which * stands for the language; empty for one that has none of its own. It knows no column
// of a nil feed.
func (f *promotionFeed) target(name string) (path string, known bool) {
	if f == nil {
		return "", false
	}
	switch feedName(name) {
	case "promotion_id":
		return "id", true
	case "long_title":
		return "title.*", true
	case "fine_print":
		return "terms.*", true
	case "image_link":
		return "image_url", true
	case "percent_off":
		return "discount.percent", true
	case "money_off_amount":
		return "discount.amount", true
	case "promotion_price":
		return "discount.price", true
	case "minimum_purchase_amount":
		return "discount.min_spend", true
	case "minimum_purchase_quantity", "buy_this_quantity":
		return "discount.buy", true
	case "get_this_quantity_discounted":
		return "discount.get", true
	case "free_gift_description":
		return "discount.gift.*", true
	case "free_gift_value":
		return "discount.gift_value", true
	}
	return "", f.read(feedName(name)) || isPassedOver(feedName(name))
}

// read reports whether extend reads a column.
func (f *promotionFeed) read(name string) bool {
	switch name {
	case "coupon_value_type", "promotion_effective_dates", "redemption_channel", "store_applicability", "store_code", "store_codes_inclusion", "store_codes_exclusion":
		return true
	case "promotion_display_dates", "promotion_display_date":
		return hasCampaignMember("display")
	case "offer_type":
		return hasCampaignMember("code_required")
	}
	return false
}

func hasCampaignMember(name string) bool {
	_, there := campaignPlan.byName[name]
	return there
}

// isPassedOver reports whether a column says what a campaign has no member for: which products of a web shop it is for, and where it is advertised.
func isPassedOver(name string) bool {
	switch name {
	case "product_applicability", "offer_type", "generic_redemption_code", "promotion_destination", "promotion_url", "promotion_display_dates", "promotion_display_date",
		"target_country", "content_language", "limit_quantity", "limit_value", "item_id", "item_id_exclusion", "item_group_id", "item_group_id_exclusion",
		"product_type", "product_type_exclusion", "brand", "brand_exclusion", "google_product_category", "google_product_category_exclusion", "promotion_tags",
		"free_gift_item_id", "free_shipping", "shipping_service_names", "event_applicability", "redemption_restriction", "custom_redemption_restriction",
		"max_discount_amount", "percentile", "order_limit", "money_budget", "audience", "region_id_inclusion":
		return true
	}
	return false
}

// follow puts the cells behind the record into the tree, as far as the file has no columns of its own for them, and returns their columns.
func (f *promotionFeed) follow(root *cell) (columns []column) {
	for _, c := range []struct{ from, path string }{
		{"coupon_value_type", "discount.type"}, {"promotion_effective_dates", "flight.start"}, {"promotion_effective_dates", "flight.end"},
		{"promotion_display_dates", "display.start"}, {"promotion_display_dates", "display.end"},
		{"store_codes_inclusion", "venues.ids"}, {"store_applicability", "venues.all"}, {"offer_type", "code_required"},
	} {
		if c.from == "offer_type" && !f.read("offer_type") {
			continue
		}
		if strings.HasPrefix(c.path, "venues.") && !f.venues || strings.HasPrefix(c.path, "display.") && !f.read("promotion_display_dates") {
			continue
		}
		path, problem := root.add(c.path, f.width+len(f.follows))
		if problem != "" {
			continue
		}
		f.follows = append(f.follows, path)
		columns = append(columns, column{c.from, path})
	}
	return columns
}

// extend writes the cells behind a record.
func (f *promotionFeed) extend(r *cells) {
	record := r.record[:len(r.record):len(r.record)]
	start, end := f.interval("promotion_effective_dates", "flight", r)
	shown, hidden := f.interval("promotion_display_dates", "display", r)
	ids, all := f.stores(r)
	for _, path := range f.follows {
		value := ""
		switch path {
		case "discount.type":
			value = f.discountType(r)
		case "flight.start":
			value = start
		case "flight.end":
			value = end
		case "display.start":
			value = shown
		case "display.end":
			value = hidden
		case "venues.ids":
			value = ids
		case "venues.all":
			value = all
		case "code_required":
			if strings.EqualFold(f.one("offer_type", r), "generic_code") {
				value = "true"
			}
		}
		record = append(record, value)
	}
	if channel := f.all("redemption_channel", r); len(channel) > 0 && !slices.ContainsFunc(channel, func(c string) bool { return strings.EqualFold(c, "in_store") }) {
		r.note("redemption_channel", "", "unsupported", "the promotion is redeemed in no store, only %s", strings.Join(channel, ", "))
	}
	r.record = record
}

// one returns the first cell of a column that is not empty.
func (f *promotionFeed) one(name string, r *cells) string {
	for i, n := range f.names {
		if text := strings.TrimSpace(r.record[i]); n == name && text != "" {
			return text
		}
	}
	return ""
}

// all returns what the columns of a name hold, which may be several and may hold lists.
func (f *promotionFeed) all(name string, r *cells) (items []string) {
	for i, n := range f.names {
		if n != name {
			continue
		}
		for _, text := range strings.FieldsFunc(r.record[i], func(c rune) bool { return c == ',' || c == '|' }) {
			if text = strings.TrimSpace(text); text != "" {
				items = append(items, text)
			}
		}
	}
	return items
}

// discountType takes coupon_value_type to a type of discount; without one it follows from the columns that are filled.
func (f *promotionFeed) discountType(r *cells) string {
	has := func(name string) bool { return f.one(name, r) != "" }
	switch kind := strings.ToLower(f.one("coupon_value_type", r)); kind {
	case "", "no_structured_data":
	case "money_off":
		return "amount"
	case "percent_off":
		return "percent"
	case "buy_m_get_n_percent_off":
		return "buy_x_get_y"
	case "free_gift", "free_gift_with_value", "free_gift_with_item_id":
		return "gift"
	default:
		r.note("coupon_value_type", "discount.type", "unsupported", "%q is none of money_off, percent_off, buy_m_get_n_percent_off, free_gift, free_gift_with_value, free_gift_with_item_id", clip(kind))
		return ""
	}
	switch {
	case has("percent_off") && has("get_this_quantity_discounted"):
		return "buy_x_get_y"
	case has("percent_off"):
		return "percent"
	case has("money_off_amount"):
		return "amount"
	case has("promotion_price"):
		return "fixed_price"
	case has("free_gift_description"):
		return "gift"
	}
	return ""
}

// interval reads two times with offsets and a slash between them (ISO 8601, section 5.5). The offset may lack its colon.
func (f *promotionFeed) interval(name, path string, r *cells) (start, end string) {
	text := cmp.Or(f.one(name, r), f.one(strings.TrimSuffix(name, "s"), r)) // both spellings are in the specification
	if text == "" || !f.read(name) {
		return "", ""
	}
	from, to, found := strings.Cut(text, "/")
	start, ok1 := feedTime(from)
	end, ok2 := feedTime(to)
	if !found || !ok1 || !ok2 {
		r.note(name, path, "invalid", "%q is not two times with offsets as in 2026-11-01T00:00:00-05:00/2026-12-01T00:00:00-05:00", clip(text))
		return "", ""
	}
	return start, end
}

func feedTime(text string) (string, bool) {
	text = strings.TrimSpace(text)
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04Z07:00", "2006-01-02T15:04Z0700"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.Format(time.RFC3339), true
		}
	}
	return "", false
}

// stores says at which venues a promotion holds: at all where no store is named.
func (f *promotionFeed) stores(r *cells) (ids, all string) {
	if !f.venues {
		return "", ""
	}
	if f.one("store_codes_exclusion", r) != "" {
		r.note("store_codes_exclusion", "venues", "unsupported", "name the stores that take part in store_codes_inclusion")
		return "", ""
	}
	codes := append(f.all("store_codes_inclusion", r), f.all("store_code", r)...)
	applicability := strings.ToLower(f.one("store_applicability", r))
	switch {
	case applicability == "all_stores" || applicability == "" && len(codes) == 0:
		return "", "true"
	case applicability != "" && applicability != "specific_stores":
		r.note("store_applicability", "venues", "invalid", "%q is neither all_stores nor specific_stores", clip(applicability))
	case len(codes) == 0:
		r.note("store_codes_inclusion", "venues", "required", "specific_stores names none")
	}
	return strings.Join(codes, "|"), ""
}
