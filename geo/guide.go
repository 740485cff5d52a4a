package geo

import (
	"math/bits"
	"slices"
)

// guide says at which levels there is anything to find about a place. A bit is never taken back: a probe in vain does no harm. It is immutable; the zero value is empty.
type guide struct {
	pages []*guidePage // by square of pageLevel; nil: nothing there
}

// guidePage is a square of pageLevel.
type guidePage struct {
	coarse uint16                                      // a bit for each level kept up to pageLevel, of the squares that hold the page
	levels [1 << (2 * (guideLevel - pageLevel))]uint16 // by square of guideLevel: the same of finer levels, of the squares that hold this one or lie in it
}

// Squares of guideLevel have some forty kilometres to a side.
const (
	pageLevel  = 4
	guideLevel = 8
	pageCount  = facesCount << (2 * pageLevel)
)

// at returns the levels with something to find for a position, a bit for each level kept.
func (x *guide) at(g grid) uint16 {
	page := g.face<<(2*pageLevel) | g.path>>(2*(maxLevel-pageLevel))
	if page >= uint64(len(x.pages)) || x.pages[page] == nil {
		return 0
	}
	p := x.pages[page]
	return p.coarse | p.levels[g.path>>(2*(maxLevel-guideLevel))%uint64(len(p.levels))]
}

// guiding adds bits to a guide, copying each page once.
type guiding struct {
	next  guide
	fresh [pageCount/64 + 1]uint64 // pages that are its own
	own   bool
}

// note marks a square. It costs the squares of guideLevel or pageLevel that it is, where it is as large.
func (u *guiding) note(s square) {
	level := s.level()
	bit := uint16(1) << (level / levelStep)
	first := uint64(s & pathMask)
	count := uint64(1)
	if level > guideLevel {
		first >>= 2 * (level - guideLevel)
		level = guideLevel
	}
	if level <= pageLevel {
		count <<= 2 * (pageLevel - level)
		first <<= 2 * (pageLevel - level)
		for page := first; page < first+count; page++ {
			number := uint64(s>>61)<<(2*pageLevel) | page
			if p := u.next.page(number); p == nil || p.coarse&bit == 0 {
				u.open(number).coarse |= bit
			}
		}
		return
	}
	count <<= 2 * (guideLevel - level)
	first <<= 2 * (guideLevel - level)
	number := uint64(s>>61)<<(2*pageLevel) | first>>(2*(guideLevel-pageLevel))
	for i := first; i < first+count; i++ {
		at := i % (1 << (2 * (guideLevel - pageLevel)))
		if p := u.next.page(number); p == nil || p.levels[at]&bit == 0 {
			u.open(number).levels[at] |= bit
		}
	}
}

func (x *guide) page(number uint64) *guidePage {
	if x.pages == nil {
		return nil
	}
	return x.pages[number]
}

// open returns a page that may be written.
func (u *guiding) open(number uint64) *guidePage {
	if !u.own {
		u.own = true
		if u.next.pages = slices.Clone(u.next.pages); u.next.pages == nil {
			u.next.pages = make([]*guidePage, pageCount)
		}
	}
	if u.fresh[number/64]>>(number%64)&1 == 0 {
		u.fresh[number/64] |= 1 << (number % 64)
		p := new(guidePage)
		if old := u.next.pages[number]; old != nil {
			*p = *old
		}
		u.next.pages[number] = p
	}
	return u.next.pages[number]
}

// lowestLevel returns the level of the lowest bit of a guide's answer, and the other bits.
func lowestLevel(mask uint16) (level int, rest uint16) {
	return bits.TrailingZeros16(mask) * levelStep, mask & (mask - 1)
}
