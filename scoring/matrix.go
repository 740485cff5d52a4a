package scoring

// Matrix holds feature rows one after the other: len = rows × Width. The zero value is empty and ready for use. It keeps
// its capacity over Reset, so that one matrix serves many requests. It is not safe for concurrent use.
type Matrix struct {
	data []float64 // capacity is a multiple of block rows
	rows int
}

// block is the number of rows that gonum's kernel takes at once, see Scorer.Score.
const block = 4

// Reset makes m empty and keeps its memory.
func (m *Matrix) Reset() {
	m.data = m.data[:0]
	m.rows = 0
}

// Rows returns the number of rows.
func (m *Matrix) Rows() int { return m.rows }

// AppendRow adds a row of Width zeros and returns it to be filled in with finite numbers. The slice is valid until the
// next AppendRow or Reset.
func (m *Matrix) AppendRow() []float64 {
	n := len(m.data)
	if n+Width > cap(m.data) {
		grown := make([]float64, n, max(2*cap(m.data), 16*block*Width))
		copy(grown, m.data)
		m.data = grown
	}
	m.data = m.data[:n+Width]
	m.rows++
	row := m.data[n : n+Width : n+Width]
	clear(row)
	return row
}

// Row returns row i, valid until the next AppendRow or Reset.
func (m *Matrix) Row(i int) []float64 { return m.data[i*Width : (i+1)*Width : (i+1)*Width] }

// padded returns the rows and up to block-1 rows of zeros behind them, so that their number is a multiple of block.
func (m *Matrix) padded() (data []float64, rows int) {
	rows = (m.rows + block - 1) / block * block
	data = m.data[:rows*Width]
	clear(data[len(m.data):])
	return data, rows
}
