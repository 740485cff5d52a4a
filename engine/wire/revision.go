package wire

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// Revision is a version of a campaign, which never changes, with its difference from the one before.
type Revision struct {
	Campaign
	Changes []FieldChange `json:"changes" doc:"what is another than in the version before, by path; none in the first"`
}

// FieldChange is a member that is another than before.
type FieldChange struct {
	Path   string `json:"path" doc:"dotted, with indexes" example:"discount.percent"`
	Before any    `json:"before,omitempty" doc:"left out: it was not there"`
	After  any    `json:"after,omitempty" doc:"left out: it is there no longer"`
}

// RevisionOf returns a version as it is sent; before is the one before, nil for none.
func RevisionOf(c, before *engine.Campaign) Revision {
	out := Revision{Campaign: CampaignOf(c, time.Time{}), Changes: []FieldChange{}}
	out.State = "" // of an earlier version there is none
	if before != nil {
		out.Changes = CampaignDifference(before, c)
	}
	return out
}

// CampaignDifference returns what is another in one campaign than in another, ascending by path; nil for none that is there. Members of objects are compared one by one, and so are
// the items of lists of objects that are as long as before; any other list is compared as a whole.
func CampaignDifference(before, after *engine.Campaign) []FieldChange {
	out := appendDifference([]FieldChange{}, "", treeOf(before), treeOf(after))
	slices.SortStableFunc(out, func(a, b FieldChange) int { return strings.Compare(a.Path, b.Path) })
	return out
}

// treeOf returns a campaign as JSON has it, without what the store says of it.
func treeOf(c *engine.Campaign) any {
	if c == nil {
		return map[string]any{}
	}
	sent := CampaignOf(c, time.Time{})
	sent.Meta, sent.State, sent.MerchantID = Meta{}, "", ""
	data, err := json.Marshal(sent)
	if err != nil {
		return map[string]any{} // a campaign that was stored is JSON
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber() // amounts are whole
	var tree any
	if dec.Decode(&tree) != nil {
		return map[string]any{}
	}
	return tree
}

func appendDifference(dst []FieldChange, path string, before, after any) []FieldChange {
	was, wasObject := before.(map[string]any)
	is, isObject := after.(map[string]any)
	if wasObject && (isObject || after == nil) || isObject && before == nil {
		for _, name := range sortedKeys(union(was, is)) {
			dst = appendDifference(dst, strings.TrimPrefix(path+"."+name, "."), was[name], is[name])
		}
		return dst
	}
	olds, wasList := before.([]any)
	news, isList := after.([]any)
	if wasList && isList && len(olds) == len(news) && len(news) > 0 && areObjects(olds) && areObjects(news) {
		for i := range news {
			dst = appendDifference(dst, path+"["+strconv.Itoa(i)+"]", olds[i], news[i])
		}
		return dst
	}
	if !reflect.DeepEqual(before, after) {
		dst = append(dst, FieldChange{path, before, after})
	}
	return dst
}

func areObjects(list []any) bool {
	return !slices.ContainsFunc(list, func(v any) bool { _, object := v.(map[string]any); return !object })
}

func union(a, b map[string]any) map[string]bool {
	all := make(map[string]bool, len(a)+len(b))
	for name := range a {
		all[name] = true
	}
	for name := range b {
		all[name] = true
	}
	return all
}
