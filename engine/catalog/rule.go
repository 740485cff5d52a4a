package catalog

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"

	"github.com/sihai-network/sihai/engine"
)

// MaxRuleCost is the most that one evaluation of an expression may cost, in the units of CEL: about one a step, and more
// for long texts and lists.
const MaxRuleCost = 10_000

// Rules compiles audience expressions: the Common Expression Language over
//
//	user     id, home_country, languages, segments, spend_tier, attributes, and each attribute by its own name
//	venue    id, merchant_id, category, chain, currency
//	request  currency, radius (metres), has_location, purchase.amount (minor units), purchase.currency
//	now      a timestamp in the venue's own zone: now.getHours() is what the clock on its wall says
//
// What is not known is empty or zero, but an attribute that is not given is an error, and the expression then does not
// match; has(user.visits) asks. Safe for concurrent use.
type Rules struct {
	env       func() (*cel.Env, error)
	locations *locations
}

// NewRules returns a compiler of expressions. The language is set up at the first compilation.
func NewRules() *Rules { return newRules(newLocations()) }

func newRules(l *locations) *Rules { return &Rules{sync.OnceValues(newEnv), l} }

func newEnv() (*cel.Env, error) {
	facts := cel.MapType(cel.StringType, cel.DynType)
	return cel.NewEnv(
		cel.Variable("user", facts),
		cel.Variable("venue", facts),
		cel.Variable("request", facts),
		cel.Variable("now", cel.TimestampType),
		cel.ParserExpressionSizeLimit(MaxExpression),
		cel.ParserRecursionLimit(50),
		cel.CrossTypeNumericComparisons(true),
		cel.DefaultUTCTimeZone(false),
	)
}

// Compile returns the rule of an expression, whose result must be true or false. The error names the line and the column
// of everything that is wrong. Cost: some 100 µs; a rule is kept and used many times.
func (r *Rules) Compile(expression string) (engine.Rule, error) {
	env, err := r.env()
	if err != nil {
		return nil, fmt.Errorf("set up expressions: %w", err)
	}
	compiled, issues := env.Compile(expression)
	if issues.Err() != nil {
		return nil, issuesError(issues)
	}
	if out := compiled.OutputType(); !out.IsExactType(cel.BoolType) && !out.IsExactType(cel.DynType) {
		return nil, fmt.Errorf("the result is of type %s, not true or false", out)
	}
	if err := checkMembers(compiled.NativeRep().Expr()); err != nil {
		return nil, err
	}
	program, err := env.Program(compiled, cel.EvalOptions(cel.OptOptimize), cel.CostLimit(MaxRuleCost))
	if err != nil {
		return nil, err
	}
	return &rule{program, r.locations}, nil
}

// issuesError tells each issue on the same line.
func issuesError(issues *cel.Issues) error {
	var parts []string
	for _, e := range issues.Errors() {
		parts = append(parts, fmt.Sprintf("line %d, column %d: %s", e.Location.Line(), e.Location.Column()+1, e.Message))
	}
	return errors.New(strings.Join(parts, "; "))
}

// checkMembers refuses members of venue and request that do not exist: no request would ever match.
func checkMembers(root ast.Expr) error {
	var errs []string
	ast.PostOrderVisit(root, ast.NewExprVisitor(func(e ast.Expr) {
		of, name, ok := memberAccess(e)
		if !ok {
			return
		}
		owner := ""
		if of.Kind() == ast.IdentKind {
			owner = of.AsIdent()
		} else if outer, inner, nested := memberAccess(of); nested && outer.Kind() == ast.IdentKind {
			owner = outer.AsIdent() + "." + inner
		}
		if known := membersOf(owner); known != nil && !slices.Contains(known, name) {
			errs = append(errs, fmt.Sprintf("%s has no %q, but %s", owner, name, strings.Join(known, ", ")))
		}
	}))
	if len(errs) > 0 {
		return errors.New(strings.Join(errs, "; "))
	}
	return nil
}

// memberAccess takes apart of.name and of["name"].
func memberAccess(e ast.Expr) (of ast.Expr, name string, ok bool) {
	switch e.Kind() {
	case ast.SelectKind:
		return e.AsSelect().Operand(), e.AsSelect().FieldName(), true
	case ast.CallKind:
		call := e.AsCall()
		if call.FunctionName() != operators.Index || len(call.Args()) != 2 || call.Args()[1].Kind() != ast.LiteralKind {
			return nil, "", false
		}
		key, isText := call.Args()[1].AsLiteral().(types.String)
		return call.Args()[0], string(key), isText
	}
	return nil, "", false
}

// rule is a compiled expression.
type rule struct {
	program   cel.Program
	locations *locations
}

// Match evaluates the rule; v may be nil where no venue is in question, and its members are empty then.
func (r *rule) Match(req *engine.Request, v *engine.Venue, at time.Time) (bool, error) {
	if v == nil {
		v = new(engine.Venue)
	}
	if v.TimeZone != "" && at.Location().String() != v.TimeZone {
		zone, err := r.locations.load(v.TimeZone)
		if err != nil {
			return false, err
		}
		at = at.In(zone)
	}
	out, _, err := r.program.Eval(&facts{req, v, at})
	if err != nil {
		if key, missing := strings.CutPrefix(err.Error(), "no such key: "); missing {
			return false, fmt.Errorf("evaluate expression: %s is not given", key)
		}
		return false, fmt.Errorf("evaluate expression: %w", err)
	}
	held, isBool := out.Value().(bool)
	if !isBool {
		return false, fmt.Errorf("evaluate expression: the result is of type %s, not true or false", out.Type().TypeName())
	}
	return held, nil
}
