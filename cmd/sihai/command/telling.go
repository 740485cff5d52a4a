package command

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sihai-network/sihai/engine/wire"
)

// tell prints a stop of the story: what is offered and why it ranks there, and some of what is not.
func (r *runner) tell(s *stop, d *wire.Decision, titles map[string]wire.Text) error {
	clock := s.time()
	if err := r.print("\n%s  %s", clock.Format("15:04"), s.heading); err != nil {
		return err
	}
	p := &d.Placements[0]
	if len(p.Offers) == 0 {
		if err := r.print("  nothing is offered here"); err != nil {
			return err
		}
	} else if err := r.tellOffers(p.Offers, titles); err != nil {
		return err
	}
	return r.tellRejections(p.Rejected, titles)
}

func (r *runner) tellOffers(offers []wire.Offer, titles map[string]wire.Text) error {
	rows := make([][]string, len(offers))
	for i := range offers {
		o := &offers[i]
		rows[i] = []string{
			strconv.Itoa(o.Position), o.Title, titles[o.CampaignID]["en"], o.Venue.Name, metres(o.Venue.Distance), savingText(o.EstimatedSaving),
			fmt.Sprintf("%.3f", o.Score), whyText(o),
		}
	}
	return r.printTable([]string{"#>", "OFFER", "IN ENGLISH", "VENUE", "METRES>", "SAVES>", "SCORE>", "WHY THERE"}, rows)
}

// whyText names what counted most for an offer's score.
func whyText(o *wire.Offer) string {
	if o.Explanation == nil {
		return ""
	}
	parts := slices.Clone(o.Explanation.Children)
	slices.SortStableFunc(parts, func(a, b *wire.Explanation) int { return cmp.Compare(b.Value, a.Value) })
	var out []string
	for _, part := range parts[:min(3, len(parts))] {
		name, _, _ := strings.Cut(part.Message, " ")
		out = append(out, fmt.Sprintf("%s %.2f", strings.ReplaceAll(name, "_", " "), part.Value))
	}
	return strings.Join(out, " + ")
}

// toldRejections is how many rejections a stop tells.
const toldRejections = 5

// tellRejections tells one rejection of each first reason, rare reasons before common ones, and how many there are.
func (r *runner) tellRejections(rejected []wire.Rejection, titles map[string]wire.Text) error {
	if len(rejected) == 0 {
		return nil
	}
	if err := r.print("\n  not offered: %d, such as", len(rejected)); err != nil {
		return err
	}
	first, count := map[int]*wire.Rejection{}, map[int]int{}
	for i := range rejected {
		code := rejected[i].Reasons[0].Code
		if first[code] == nil {
			first[code] = &rejected[i]
		}
		count[code]++
	}
	codes := sortedKeys(first)
	slices.SortStableFunc(codes, func(a, b int) int { return cmp.Compare(count[a], count[b]) })
	var rows [][]string
	for _, code := range codes[:min(toldRejections, len(codes))] {
		x := first[code]
		rows = append(rows, []string{"", titles[x.CampaignID]["en"], x.OfferID, reasonText(x.Reasons[:min(2, len(x.Reasons))])})
	}
	return r.printTable([]string{"", "CAMPAIGN", "OFFER", "WHY NOT"}, rows)
}
