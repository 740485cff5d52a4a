package webhook

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/sihai-network/sihai/engine"
)

// Bounds of what a merchant says.
const (
	maxURL  = 2048
	maxNote = 200
)

// check returns what is wrong with what a merchant says of a webhook, and puts its types in order.
func (s *Service) check(w *engine.Webhook) (faults engine.Faults) {
	faults = s.checkURL(w.URL)
	slices.Sort(w.Types)
	for i, t := range w.Types {
		if !slices.Contains(engine.HookTypes(), t) {
			faults.Add("types", "invalid", "%.40q is none of %s", string(t), typeNames())
		} else if i > 0 && w.Types[i-1] == t {
			faults.Add("types", "duplicate", "%s is given twice", t)
		}
	}
	if len(w.Note) > maxNote {
		faults.Add("note", "too_long", "%d bytes, at most %d are allowed", len(w.Note), maxNote)
	}
	return faults
}

func typeNames() string {
	var names []string
	for _, t := range engine.HookTypes() {
		names = append(names, string(t))
	}
	return strings.Join(names, ", ")
}

// checkURL tells early what a delivery would find; what a name resolves to is looked at with each delivery.
func (s *Service) checkURL(text string) (faults engine.Faults) {
	if text == "" {
		faults.Add("url", "required", "must not be empty")
		return faults
	}
	if len(text) > maxURL {
		faults.Add("url", "too_long", "%d bytes, at most %d are allowed", len(text), maxURL)
		return faults
	}
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || r == ' ' }) {
		faults.Add("url", "invalid", "is not a URL")
		return faults
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !s.allowHTTP) {
		faults.Add("url", "invalid", "has to begin with https://")
	}
	if u.User != nil {
		faults.Add("url", "invalid", "must not hold a name or a password")
	}
	if u.Fragment != "" {
		faults.Add("url", "invalid", "must not hold a fragment")
	}
	if problem := s.checkHost(u.Hostname()); problem != "" {
		faults.Add("url", "invalid", "%s", problem)
	}
	return faults
}

func (s *Service) checkHost(host string) string {
	if host == "" {
		return "has no host"
	}
	if a, err := netip.ParseAddr(host); err == nil {
		if s.guard.check(a) != nil {
			return "its address is not public"
		}
		return ""
	}
	last := strings.TrimSuffix(strings.ToLower(host), ".")
	last = last[strings.LastIndexByte(last, '.')+1:]
	if last == "" || strings.Trim(last, "0123456789") == "" || strings.HasPrefix(last, "0x") {
		return "its host is neither a name nor a plain address" // 2130706433, 0x7f.1 and 127.1 are addresses to some resolvers
	}
	if last == "localhost" && len(s.guard.allowed) == 0 {
		return "its address is not public"
	}
	return ""
}
