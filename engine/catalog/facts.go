package catalog

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"

	"github.com/sihai-network/sihai/engine"
)

// facts are the variables of one evaluation. Members are made when an expression asks for them, so that most are not.
type facts struct {
	request *engine.Request
	venue   *engine.Venue
	now     time.Time
}

var _ cel.Activation = (*facts)(nil)

// ResolveName returns a variable.
func (f *facts) ResolveName(name string) (any, bool) {
	switch name {
	case "user":
		return record{userMembers{&f.request.User}}, true
	case "venue":
		return record{venueMembers{f.venue}}, true
	case "request":
		return record{requestMembers{f.request}}, true
	case "now":
		return types.Timestamp{Time: f.now}, true
	}
	return nil, false
}

// Parent is nil: there are no other variables.
func (f *facts) Parent() cel.Activation { return nil }

// membersOf names the members of a variable all of whose members are known beforehand; nil for any other.
func membersOf(variable string) []string {
	switch variable {
	case "venue":
		return venueMembers{}.names()
	case "request":
		return requestMembers{}.names()
	case "request.purchase":
		return purchaseMembers{}.names()
	}
	return nil
}

// members are what a record holds.
type members interface {
	member(name string) (any, bool)
	names() []string
}

type userMembers struct{ *engine.User }

func (u userMembers) names() []string {
	names := []string{"id", "home_country", "languages", "segments", "spend_tier", "attributes"}
	for name := range u.Attributes {
		if !slices.Contains(names[:6], name) {
			names = append(names, name)
		}
	}
	slices.Sort(names[6:])
	return names
}

func (u userMembers) member(name string) (any, bool) {
	switch name {
	case "id":
		return u.ID, true
	case "home_country":
		return u.HomeCountry, true
	case "languages":
		return u.Languages, true
	case "segments":
		return u.Segments, true
	case "spend_tier":
		return u.SpendTier, true
	case "attributes":
		return u.Attributes, true
	}
	value, ok := u.Attributes[name]
	return value, ok
}

type venueMembers struct{ *engine.Venue }

func (v venueMembers) names() []string {
	return []string{"id", "merchant_id", "category", "chain", "currency"}
}

func (v venueMembers) member(name string) (any, bool) {
	switch name {
	case "id":
		return v.ID, true
	case "merchant_id":
		return v.MerchantID, true
	case "category":
		return v.Category, true
	case "chain":
		return v.Chain, true
	case "currency":
		return v.Currency, true
	}
	return nil, false
}

type requestMembers struct{ *engine.Request }

func (r requestMembers) names() []string {
	return []string{"currency", "radius", "has_location", "purchase"}
}

func (r requestMembers) member(name string) (any, bool) {
	switch name {
	case "currency":
		return r.Currency, true
	case "radius":
		return float64(r.Radius), true
	case "has_location":
		return r.Location != nil, true
	case "purchase":
		return record{purchaseMembers{r.Purchase}}, true
	}
	return nil, false
}

type purchaseMembers struct{ engine.Money }

func (p purchaseMembers) names() []string { return []string{"amount", "currency"} }

func (p purchaseMembers) member(name string) (any, bool) {
	switch name {
	case "amount":
		return p.Amount, true
	case "currency":
		return p.Currency, true
	}
	return nil, false
}

// record is a map of CEL over members.
type record struct{ members }

var _ traits.Mapper = record{}

// Find returns a member, and false when there is none.
func (r record) Find(key ref.Val) (ref.Val, bool) {
	name, isText := key.(types.String)
	if !isText {
		return types.MaybeNoSuchOverloadErr(key), false
	}
	value, ok := r.member(string(name))
	if !ok {
		return nil, false
	}
	return types.DefaultTypeAdapter.NativeToValue(value), true
}

// Get returns a member, or the error that there is none.
func (r record) Get(key ref.Val) ref.Val {
	value, ok := r.Find(key)
	switch {
	case ok:
		return value
	case value != nil:
		return value
	}
	return types.NewErr("no such key: %v", key.Value())
}

// Contains reports whether there is a member of that name.
func (r record) Contains(key ref.Val) ref.Val {
	value, ok := r.Find(key)
	if value != nil && types.IsUnknownOrError(value) {
		return value
	}
	return types.Bool(ok)
}

// Size returns the number of members.
func (r record) Size() ref.Val { return types.Int(len(r.names())) }

// Iterator goes over the names of the members, in a fixed order.
func (r record) Iterator() traits.Iterator {
	return types.NewStringList(types.DefaultTypeAdapter, r.names()).Iterator()
}

// Type is that of maps.
func (r record) Type() ref.Type { return types.MapType }

// Value returns the members as a map of their own.
func (r record) Value() any {
	values := make(map[string]any)
	for _, name := range r.names() {
		values[name], _ = r.member(name)
	}
	return values
}

// Equal compares as maps do.
func (r record) Equal(other ref.Val) ref.Val { return r.whole().Equal(other) }

// ConvertToType converts as maps do.
func (r record) ConvertToType(t ref.Type) ref.Val { return r.whole().ConvertToType(t) }

// ConvertToNative converts as maps do.
func (r record) ConvertToNative(t reflect.Type) (any, error) {
	native, err := r.whole().ConvertToNative(t)
	if err != nil {
		return nil, fmt.Errorf("convert record: %w", err)
	}
	return native, nil
}

func (r record) whole() ref.Val { return types.DefaultTypeAdapter.NativeToValue(r.Value()) }
