package experiment

// Traffic is a part of all users: those who stand from From on and before Until, in [0, 1]. Where a user stands has nothing to do with arms. Experiments on parts that do not overlap have
// no user in common, so that they may run at the same time and decide the same thing (Tang, Agarwal, O'Brien and Meyer, Overlapping Experiment Infrastructure, KDD 2010, section 4: one layer).
type Traffic struct{ From, Until float64 }

// Whole is all users.
func Whole() Traffic { return Traffic{0, 1} }

// Holds reports whether a user is in the part.
func (t Traffic) Holds(user string) bool {
	if t.From <= 0 && t.Until >= 1 {
		return true
	}
	at := place([]byte{0, 0}, user) // no split has this key: its name would be empty
	return at >= t.From && at < t.Until
}

// Overlaps reports whether two parts have users in common.
func (t Traffic) Overlaps(o Traffic) bool { return t.From < o.Until && o.From < t.Until }
