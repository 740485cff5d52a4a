package command

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/sihai-network/sihai/engine/wire"
)

// clockCases are changes of the clock, and clocks that differ.
func clockCases() []scenarioCase {
	newYork := func(date string, holds func(x *verdict, ago int) bool) func(f *facts) bool {
		return func(f *facts) bool {
			return f.any(func(x *verdict) bool {
				_, now := x.local.Zone()
				_, before := x.local.Add(-3 * time.Hour).Zone()
				return x.venue.TimeZone == "America/New_York" && x.local.Format(time.DateOnly) == date && holds(x, now-before)
			})
		}
	}
	within := func(x *verdict) bool {
		w, ok := x.window()
		return ok && w.From <= x.clock() && x.clock() < w.To
	}
	return []scenarioCase{
		{"a window over the leap of the clock", newYork("2026-03-08", func(x *verdict, by int) bool {
			w, ok := x.window()
			return by == 3600 && x.offer != nil && ok && w.From < "02:00" && w.To > "03:00"
		})},
		{"a window that the leap swallowed", newYork("2026-03-08", func(x *verdict, by int) bool {
			w, ok := x.window()
			return by == 3600 && x.rejected(320) && ok && w.From >= "02:00" && w.To <= "03:00"
		})},
		{"the hour that comes twice, the first time", newYork("2026-11-01", func(x *verdict, by int) bool {
			return by == 0 && x.local.Hour() == 1 && x.offer != nil && within(x)
		})},
		{"the hour that comes twice, the second time", newYork("2026-11-01", func(x *verdict, by int) bool {
			return by == -3600 && x.local.Hour() == 1 && x.offer != nil && within(x)
		})},
		{"a window that is open in one of two time zones", func(f *facts) bool {
			return f.apart(320, func(c *wire.Campaign) bool { return c.Flight != nil && len(c.Flight.Windows) > 0 })
		}},
		{"a date that has begun in one of two time zones", func(f *facts) bool {
			return f.apart(320, func(c *wire.Campaign) bool {
				return c.Flight != nil && c.Flight.Start == f.Now.AddDate(0, 0, 1).Format(time.DateOnly)
			})
		}},
		{"a date that has ended in one of two time zones", func(f *facts) bool {
			return f.apart(320, func(c *wire.Campaign) bool {
				return c.Flight != nil && c.Flight.End == f.Now.AddDate(0, 0, 1).Format(time.DateOnly)
			})
		}},
		{"a flight between instants", func(f *facts) bool {
			return f.any(func(x *verdict) bool { return x.rejected(320) && strings.Contains(x.campaign.Flight.End, "T") })
		}},
		{"a budget that midnight made fresh", func(f *facts) bool {
			return len(f.Events) > 0 && f.expects(330) && f.any(func(x *verdict) bool {
				return x.offer != nil && len(x.campaign.Budgets) > 0 && x.campaign.Budgets[0].Period == "day" && x.clock() < "01:00"
			})
		}},
	}
}

// windowCases are spans of the day and the midnights in them.
func windowCases() []scenarioCase {
	night := func(offered bool) func(f *facts) bool {
		return func(f *facts) bool {
			return f.any(func(x *verdict) bool {
				w, ok := x.window()
				return ok && len(w.Days) == 1 && x.inSmallHours(w.From, w.To) && (x.offer != nil) == offered
			})
		}
	}
	until24 := func(clock string, offered bool) func(f *facts) bool {
		return func(f *facts) bool {
			return f.any(func(x *verdict) bool {
				w, ok := x.window()
				return ok && w.To == "24:00" && w.From > "00:00" && x.clock() == clock && (x.offer != nil) == offered
			})
		}
	}
	hours := func(holds func(x *verdict, from, to string) bool) func(f *facts) bool {
		return func(f *facts) bool {
			return f.any(func(x *verdict) bool {
				for _, spans := range x.venue.OpeningHours {
					for _, span := range spans {
						if from, to, _ := strings.Cut(span, "-"); holds(x, from, to) {
							return true
						}
					}
				}
				return false
			})
		}
	}
	except := func(offered bool, ago int) func(f *facts) bool {
		return func(f *facts) bool {
			return f.any(func(x *verdict) bool {
				w, ok := x.window()
				return ok && x.inSmallHours(w.From, w.To) && len(x.campaign.Flight.Except) == 1 && (x.offer != nil) == offered &&
					x.campaign.Flight.Except[0] == x.local.AddDate(0, 0, -ago).Format(time.DateOnly)
			})
		}
	}
	return []scenarioCase{
		{"a night that began the day before", night(true)},
		{"a night that begins today", night(false)},
		{"24:00 before it comes", until24("23:59", true)},
		{"24:00 when it comes", until24("00:00", false)},
		{"opening hours past midnight", hours(func(x *verdict, from, to string) bool { return x.offer != nil && x.inSmallHours(from, to) })},
		{"opening hours that ended after midnight", hours(func(x *verdict, from, to string) bool { return x.rejected(321) && to < from && to <= x.clock() })},
		{"a date left out, the night after", except(false, 1)},
		{"a date left out, the night before", except(true, 0)},
		{"a whole day left out", func(f *facts) bool {
			return f.any(func(x *verdict) bool {
				return x.rejected(320) && x.campaign.Flight != nil && len(x.campaign.Flight.Windows) == 0 && len(x.campaign.Flight.Except) > 0
			})
		}},
	}
}

// placeCases are fences, and what is known of where the traveller is.
func placeCases() []scenarioCase {
	fence := func(offered bool, holds func(g *wire.Geofence, shape geoShape) bool) func(f *facts) bool {
		return func(f *facts) bool {
			return f.any(func(x *verdict) bool {
				if len(x.campaign.Geofences) != 1 || (x.offer != nil) != offered || !offered && !x.rejected(310) {
					return false
				}
				g := &x.campaign.Geofences[0]
				return holds(g, shapeOf(g))
			})
		}
	}
	hole := func(_ *wire.Geofence, s geoShape) bool { return s.Type == "Polygon" && len(s.Coordinates) > 1 }
	fix := func(code int, holds func(l *wire.Location) bool) func(f *facts) bool {
		return func(f *facts) bool {
			offered := f.any(func(x *verdict) bool { return x.offer != nil })
			return f.request.Location != nil && holds(f.request.Location) && f.expects(code) && offered
		}
	}
	return []scenarioCase{
		{"a match by radius beside one by fence", func(f *facts) bool {
			by := func(match string) bool {
				return f.any(func(x *verdict) bool { return x.offer != nil && x.offer.Match == match })
			}
			return f.request.Radius > 0 && by("radius") && by("fence")
		}},
		{"no location", func(f *facts) bool { return f.request.Location == nil && f.expects(311) }},
		{"a vague fix", fix(312, func(l *wire.Location) bool { return l.Accuracy > 0 && l.LastFix == 0 })},
		{"an old fix", fix(312, func(l *wire.Location) bool { return l.LastFix > 0 })},
		{"a location by IP address", fix(312, func(l *wire.Location) bool { return l.Type == "ip" && l.Accuracy == 0 })},
		{"a polygon round a hole elsewhere", fence(true, hole)},
		{"the hole of a polygon", fence(false, hole)},
		{"parts on both sides of the antimeridian", fence(true, func(_ *wire.Geofence, s geoShape) bool {
			text := string(s.raw)
			return s.Type == "MultiPolygon" && strings.Contains(text, "[180,") && strings.Contains(text, "[-180,")
		})},
		{"a ring round a pole", fence(true, func(_ *wire.Geofence, s geoShape) bool { return strings.Contains(string(s.raw), "-89]") })},
		{"cells of several sizes", fence(true, func(g *wire.Geofence, _ geoShape) bool { return len(g.Cells) > 1 && g.Cells[0][:2] != g.Cells[1][:2] })},
		{"a circle", fence(true, func(g *wire.Geofence, _ geoShape) bool { return g.Circle != nil })},
		{"the circle of a venue, outside", func(f *facts) bool {
			return f.any(func(x *verdict) bool { return x.rejected(310) && x.campaign.Venues.Radius > 0 })
		}},
		{"a chain", func(f *facts) bool {
			return f.any(func(x *verdict) bool { return x.offer != nil && x.campaign.Venues.Chain != "" })
		}},
		{"all venues", func(f *facts) bool {
			return f.any(func(x *verdict) bool { return x.offer != nil && x.campaign.Venues.All })
		}},
	}
}

// geoShape is as much of a GeoJSON geometry as the cases ask for.
type geoShape struct {
	Type        string
	Coordinates []json.RawMessage
	raw         []byte // without spaces
}

// shapeOf returns the zero shape for a fence that is no GeoJSON.
func shapeOf(g *wire.Geofence) (s geoShape) {
	if json.Unmarshal(g.GeoJSON, &s) == nil {
		s.raw = []byte(strings.ReplaceAll(string(g.GeoJSON), " ", ""))
	}
	return s
}

// listCases are audiences, states and the lists of placements.
func listCases() []scenarioCase {
	status := func(name string) func(f *facts) bool {
		return func(f *facts) bool {
			return f.any(func(x *verdict) bool { return x.rejected(370) && x.campaign.Status == name })
		}
	}
	ruled := func(holds func(x *verdict) bool) func(f *facts) bool {
		return func(f *facts) bool {
			return f.any(func(x *verdict) bool {
				return x.campaign.Audience != nil && x.campaign.Audience.Expression != "" && holds(x)
			})
		}
	}
	return []scenarioCase{
		{"an expression that holds", ruled(func(x *verdict) bool { return x.offer != nil })},
		{"an expression that does not hold", ruled(func(x *verdict) bool { return x.rejected(350) && strings.Contains(x.message, "does not hold") })},
		{"an expression about an attribute that is missing", ruled(func(x *verdict) bool { return x.rejected(350) && strings.Contains(x.message, "is not given") })},
		{"a draft", status("draft")},
		{"a disabled campaign", status("disabled")},
		{"an archived campaign, of which nothing is told", func(f *facts) bool {
			told := f.any(func(x *verdict) bool { return x.campaign.Status == "archived" })
			for _, c := range f.campaigns {
				if c.Status == "archived" && !told && len(f.shown) > 0 {
					return true
				}
			}
			return false
		}},
		{"several placements", func(f *facts) bool {
			return len(f.request.Placements) > 1 && f.expects(360) && f.expects(361) && f.expects(382)
		}},
		{"offers of one name of two merchants", func(f *facts) bool {
			return f.any(func(x *verdict) bool { return x.offer != nil && strings.Contains(x.id, "/") }) &&
				f.any(func(x *verdict) bool { return x.offer == nil && strings.Contains(x.id, "/") })
		}},
		{"diversity that lets a lower one in", func(f *facts) bool {
			return f.any(func(x *verdict) bool { return x.rejected(381) && !x.rejected(382) })
		}},
		{"a traveller without an ID and a cap", func(f *facts) bool {
			unknown := f.request.User == nil || f.request.User.ID == ""
			return unknown && len(f.Events) > 0 && f.any(func(x *verdict) bool { return x.offer != nil && len(x.campaign.FrequencyCaps) > 0 })
		}},
		{"the default profile with its explanation", func(f *facts) bool {
			return f.Profile == nil && f.any(func(x *verdict) bool {
				return x.offer != nil && x.offer.Explanation != nil && len(x.offer.Explanation.Children) > 5
			})
		}},
	}
}
