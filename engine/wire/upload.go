package wire

import "github.com/sihai-network/sihai/engine"

// Import is the report of an upload.
type Import struct {
	ID         string     `json:"id"`
	MerchantID string     `json:"merchant_id"`
	Kind       string     `json:"kind" enum:"venues,campaigns"`
	Format     string     `json:"format" enum:"ndjson,csv,geojson"`
	State      string     `json:"state" enum:"queued,staging,committed,done,failed,cancelled" doc:"queued and staging are on their way; failed and cancelled changed nothing"`
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

	Changes     []RowChange `json:"changes,omitempty" doc:"of a dry run: the first 1,000 rows that would add, change or end something"`
	MoreChanges int         `json:"more_changes,omitempty" doc:"beyond those"`
	PassedOver  []string    `json:"passed_over,omitempty" doc:"columns that were understood and for which a campaign has no member: nothing was read from them"`
	Detail      string      `json:"detail,omitempty" doc:"why the import failed as a whole, or ended nothing"`
	Progress    *Progress   `json:"progress,omitempty" doc:"of an import that was answered before it was read"`
}

// Progress is how much of a kept file was read.
type Progress struct {
	Size int64 `json:"size" doc:"of the file as it was sent, in bytes"`
	Read int64 `json:"read" doc:"of these; told every 5,000 rows"`
}

// RowChange is what a row would change.
type RowChange struct {
	Row    int          `json:"row" doc:"0 for what the file does not name"`
	ID     string       `json:"id"`
	Change string       `json:"change" enum:"added,changed,ended"`
	Fields []CellChange `json:"fields,omitempty" doc:"of a changed row"`
}

// CellChange is a member that would change. Values are written as cells of a CSV file are, at most 200 bytes of each.
type CellChange struct {
	Path   string `json:"path"`
	Before string `json:"before" doc:"empty: it was not there"`
	After  string `json:"after" doc:"empty: it will not be there"`
}

// Difference is what an upload changes.
type Difference struct {
	Added   int `json:"added"`
	Changed int `json:"changed"`
	Same    int `json:"same" doc:"equal to what was there: no new version"`
	Ended   int `json:"ended" doc:"archived campaigns or deleted venues that the file does not name; of an upload with prune"`
}

// RowFault is a fault of a row.
type RowFault struct {
	Row      int    `json:"row" doc:"from 1: the line of an NDJSON file, the record of a CSV file whose header is row 1, the feature of a GeoJSON file; 0: the file as a whole"`
	Column   string `json:"column" doc:"name of the CSV column, or path of the member"`
	Path     string `json:"path"`
	Code     string `json:"code"`
	Message  string `json:"message"`
	Value    string `json:"value,omitempty" doc:"what stands there, at most 200 bytes of it"`
	Expected string `json:"expected,omitempty" doc:"what is to stand there"`
}

// ImportOf returns i as it is sent.
func ImportOf(i *engine.Import) Import {
	out := Import{
		ID: i.ID, MerchantID: i.MerchantID, Kind: string(i.Kind), Format: i.Format, State: string(i.State), DryRun: i.DryRun, Partial: i.Partial,
		Rows: i.Rows, Accepted: i.Accepted, Rejected: i.Rejected, Difference: Difference{i.Added, i.Changed, i.Same, i.Ended},
		Faults: make([]RowFault, len(i.Faults)), MoreFaults: i.MoreFaults, StartedAt: timeText(i.Started), FinishedAt: timeText(i.Finished), By: i.By,
	}
	for j, f := range i.Faults {
		out.Faults[j] = RowFault{
			Row: f.Row, Column: f.Column, Path: f.Path, Code: f.Code, Message: f.Message, Value: f.Value, Expected: Expected(i.Kind, f.Path),
		}
	}
	out.MoreChanges, out.PassedOver, out.Detail = i.MoreChanges, i.PassedOver, i.Detail
	for _, c := range i.Changes {
		change := RowChange{Row: c.Row, ID: c.ID, Change: string(c.Kind)}
		for _, f := range c.Fields {
			change.Fields = append(change.Fields, CellChange(f))
		}
		out.Changes = append(out.Changes, change)
	}
	if i.Spooled {
		out.Progress = &Progress{Size: i.Size, Read: i.Read}
	}
	return out
}

// ImportProblem is the problem of an upload that changed nothing, with its report.
type ImportProblem struct {
	Problem
	Import Import `json:"import"`
}
