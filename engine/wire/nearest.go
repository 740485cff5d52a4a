package wire

// nearest returns the member of p whose name is at most two slips of the pen from a name, "" when there is none.
func (p *plan) nearest(name string) string {
	best, found := 3, ""
	for i := range p.fields {
		if d := slips(name, p.fields[i].name); d < best && d < len(p.fields[i].name) {
			best, found = d, p.fields[i].name
		}
	}
	return found
}

// slips counts the letters to put in, leave out or change that lead from a to b (V. Levenshtein, Binary codes capable of
// correcting deletions, insertions and reversals, 1966). Names that differ by more than two letters in length count as 3.
func slips(a, b string) int {
	if len(a) > len(b)+2 || len(b) > len(a)+2 {
		return 3
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
