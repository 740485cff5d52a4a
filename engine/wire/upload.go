package wire

import "github.com/sihai-network/sihai/engine"

// Import is the report of an upload.
type Import struct {
	ID         string     `json:"id"`
	MerchantID string     `json:"merchant_id"`
	Kind       string     `json:"kind" enum:"venues,campaigns"`
	Format     string     `json:"format" enum:"ndjson,csv,geojson"`
	State      string     `json:"state" enum:"staging,committed,done,failed" doc:"failed changed nothing"`
	DryRun     bool       `json:"dry_run" doc:"nothing was changed, whatever the rest says"`
	Partial    bool       `json:"partial" doc:"good rows went in although others were faulty"`
	Rows       int        `json:"rows"`
	Accepted   int        `json:"accepted"`
	Rejected   int        `json:"rejected"`
	Difference Difference `json:"difference"`
	Faults     []RowFault `json:"faults" doc:"the first 10,000"`
	MoreFaults int        `json:"more_faults" doc:"beyond those"`
	StartedAt  string     `json:"started_at" format:"date-time"`
	FinishedAt string     `json:"finished_at,omitempty" format:"date-time"`
	By         string     `json:"by,omitempty" doc:"ID of the API key"`
}

// Difference is what an upload changes.
type Difference struct {
	Added   int `json:"added"`
	Changed int `json:"changed"`
	Same    int `json:"same" doc:"equal to what was there: no new version"`
}

// RowFault is a fault of a row.
type RowFault struct {
	Row     int    `json:"row" doc:"from 1: the line of an NDJSON file, the record of a CSV file whose header is row 1, the feature of a GeoJSON file"`
	Column  string `json:"column" doc:"name of the CSV column, or path of the member"`
	Path    string `json:"path"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// ImportOf returns i as it is sent.
func ImportOf(i *engine.Import) Import {
	out := Import{
		ID: i.ID, MerchantID: i.MerchantID, Kind: string(i.Kind), Format: i.Format, State: string(i.State), DryRun: i.DryRun, Partial: i.Partial,
		Rows: i.Rows, Accepted: i.Accepted, Rejected: i.Rejected, Difference: Difference{i.Added, i.Changed, i.Same},
		Faults: make([]RowFault, len(i.Faults)), MoreFaults: i.MoreFaults, StartedAt: timeText(i.Started), FinishedAt: timeText(i.Finished), By: i.By,
	}
	for j, f := range i.Faults {
		out.Faults[j] = RowFault{Row: f.Row, Column: f.Column, Path: f.Path, Code: f.Code, Message: f.Message}
	}
	return out
}

// ImportProblem is the problem of an upload that changed nothing, with its report.
type ImportProblem struct {
	Problem
	Import Import `json:"import"`
}
