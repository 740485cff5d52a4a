package catalog_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/catalog"
)

func ruleRequest() *engine.Request {
	return &engine.Request{
		User: engine.User{
			ID: "u-81", HomeCountry: "CN", Languages: []string{"zh-Hans", "en"}, Segments: []string{"tourist"}, SpendTier: "super",
			Attributes: map[string]any{"visits": 2.0, "vip": true, "city": "上海", "id": "other"},
		},
		Location: &engine.Location{Position: miami}, Currency: "CNY", Radius: 1500, Purchase: engine.Money{Amount: 12000, Currency: "USD"},
	}
}

func TestRules(t *testing.T) {
	v := venue("m-1", "v-1", 0)
	v.Chain = "Lincoln"
	// 00:30 on Saturday in UTC is 19:30 on Friday in Miami.
	at := time.Date(2026, 11, 14, 0, 30, 0, 0, time.UTC)
	for _, test := range []struct {
		expression string
		want       bool
	}{
		{`user.visits < 3`, true},
		{`user.visits >= 3`, false},
		{`user.visits == 2`, true},
		{`user.attributes.visits == 2.0 && user.attributes["city"] == "上海"`, true},
		{`user.vip`, true},
		{`!user.vip || user.spend_tier in ["super", "high"]`, true},
		{`has(user.coupons) && user.coupons > 1`, false},
		{`!has(user.coupons)`, true},
		{`has(user.visits)`, true},
		{`"visits" in user`, true},
		{`"coupons" in user`, false},
		{`user.id == "u-81"`, true}, // what is known of a user goes before an attribute of the same name
		{`"tourist" in user.segments && user.languages[0].startsWith("zh")`, true},
		{`user.languages.exists(l, l == "en")`, true},
		{`size(user.languages) == 2 && size(venue) == 5`, true},
		{`user.all(name, name != "password")`, true},
		{`venue.id == "v-1" && venue.merchant_id == "m-1" && venue.category == "5812" && venue.chain == "Lincoln" && venue.currency == "USD"`, true},
		{`venue["chain"] == "Lincoln"`, true},
		{`request.has_location && request.currency == "CNY" && request.radius > 1000`, true},
		{`request.purchase.amount >= 10000 && request.purchase.currency == venue.currency`, true},
		{`now.getHours() == 19 && now.getMinutes() == 30 && now.getDayOfWeek() == 5`, true},
		{`now.getHours("Asia/Shanghai") == 8`, true},
		{`now < timestamp("2026-11-14T00:30:01Z")`, true},
		{`user.city.matches("^上.$")`, true},
	} {
		t.Run(test.expression, func(t *testing.T) {
			rule, err := catalog.NewRules().Compile(test.expression)
			if err != nil {
				t.Fatal(err)
			}
			got, err := rule.Match(ruleRequest(), &v, at)
			if err != nil || got != test.want {
				t.Errorf("%v, %v; want %v", got, err, test.want)
			}
		})
	}
}

func TestRulesThatDoNotCompile(t *testing.T) {
	for expression, want := range map[string]string{
		`user.visits <`:                   "line 1, column",
		`1 + 2`:                           "of type int, not true or false",
		`"yes"`:                           "of type string",
		`traveller.id == "x"`:             "undeclared reference to 'traveller'",
		`venue.categroy == "5812"`:        `venue has no "categroy"`,
		`venue["categroy"] == "5812"`:     `venue has no "categroy"`,
		`request.purchase.sum > 5`:        `request.purchase has no "sum"`,
		`has(request.purchases)`:          `request has no "purchases"`,
		`now.getHours() == "5"`:           "no matching overload",
		`user.city.matches("(")`:          "missing closing )",
		strings.Repeat("(", 200) + "true": "recursion",
	} {
		t.Run(expression, func(t *testing.T) {
			rule, err := catalog.NewRules().Compile(expression)
			if err == nil || rule != nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want one that says %q", err, want)
			}
			if err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("the message has several lines: %q", err)
			}
		})
	}
}

func TestRulesThatDoNotMatchSayWhy(t *testing.T) {
	list := "[" + strings.TrimSuffix(strings.Repeat("1,", 60), ",") + "]"
	for expression, want := range map[string]string{
		`user.coupons < 3`:         "coupons is not given",
		`user.city`:                "of type string, not true or false",
		`user.city < 3`:            "no such overload",
		`user.languages[7] == "x"`: "index out of bounds",
		fmt.Sprintf(`%s.all(a, %s.all(b, %s.all(c, a + b + c + int(user.visits) > 0)))`, list, list, list): "cost limit exceeded",
	} {
		t.Run(want, func(t *testing.T) {
			rule, err := catalog.NewRules().Compile(expression)
			if err != nil {
				t.Fatal(err)
			}
			v := venue("m-1", "v-1", 0)
			got, err := rule.Match(ruleRequest(), &v, noon)
			if got || err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, error %v, want one that says %q", got, err, want)
			}
		})
	}
}

func TestRuleWithoutVenue(t *testing.T) {
	rule, err := catalog.NewRules().Compile(`venue.id == "" && now.getHours() == 12`)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := rule.Match(ruleRequest(), nil, noon); err != nil || !got {
		t.Errorf("%v, %v", got, err)
	}
}

func TestRulesInParallel(t *testing.T) {
	rules := catalog.NewRules()
	rule, err := rules.Compile(`user.visits < 3 && now.getHours() == 7`)
	if err != nil {
		t.Fatal(err)
	}
	var done sync.WaitGroup
	for range 4 {
		done.Go(func() {
			v := venue("m-1", "v-1", 0)
			for range 200 {
				if got, err := rule.Match(ruleRequest(), &v, noon); err != nil || !got {
					t.Errorf("%v, %v", got, err)
					return
				}
			}
			if _, err := rules.Compile(`user.vip`); err != nil {
				t.Error(err)
			}
		})
	}
	done.Wait()
}

func FuzzRule(f *testing.F) {
	for _, seed := range []string{`user.visits < 3`, `has(user.x) ? user.x : venue.id == "a"`, `[1,2].exists(i, i > request.radius)`, `now.getHours() in [1]`, `user.map(k, k)`, `{"a": user}`, `"`} {
		f.Add(seed)
	}
	rules := catalog.NewRules()
	v := venue("m-1", "v-1", 0)
	f.Fuzz(func(t *testing.T, expression string) {
		if len(expression) > 4*catalog.MaxExpression {
			return
		}
		rule, err := rules.Compile(expression)
		if (rule == nil) == (err == nil) {
			t.Fatalf("rule %v, error %v", rule, err)
		}
		if rule == nil {
			return
		}
		if held, err := rule.Match(ruleRequest(), &v, noon); held && err != nil {
			t.Fatalf("it matches in spite of %v", err)
		}
	})
}
