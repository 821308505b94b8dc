package logs

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/shopspring/decimal"

	"github.com/karmacadabra/karmactl/internal/cloud"
	"github.com/karmacadabra/karmactl/internal/document"
)

// QueryResult is what a query found and what it cost.
type QueryResult struct {
	Name    string
	Columns []string
	Rows    [][]string
	// Matched and Scanned count events.
	Matched, Scanned float64
	BytesScanned     float64
	// Cost is in USD at $0.005 a GB scanned (us-east-1), GB taken as 10^9 bytes.
	Cost decimal.Decimal
}

func (q Query) result(out *cloudwatchlogs.GetQueryResultsOutput) QueryResult {
	r := QueryResult{Name: q.Name}
	if len(out.Results) == queryRows {
		q.Say(fmt.Sprintf("these are the first %d rows, which is all that Logs Insights gives: choose a shorter time, or count in the query", queryRows))
	}
	column := map[string]int{}
	for _, fields := range out.Results {
		for _, f := range fields {
			name := aws.ToString(f.Field)
			if _, ok := column[name]; !ok && name != "@ptr" {
				column[name] = len(r.Columns)
				r.Columns = append(r.Columns, name)
			}
		}
	}
	for _, fields := range out.Results {
		row := make([]string, len(r.Columns))
		for _, f := range fields {
			if i, ok := column[aws.ToString(f.Field)]; ok {
				row[i] = strings.TrimRight(aws.ToString(f.Value), "\n")
			}
		}
		r.Rows = append(r.Rows, row)
	}
	if s := out.Statistics; s != nil {
		r.Matched, r.Scanned, r.BytesScanned = s.RecordsMatched, s.RecordsScanned, s.BytesScanned
	}
	r.Cost = decimal.NewFromFloat(r.BytesScanned).Mul(decimal.New(5, -3)).Shift(-9).Round(6)
	return r
}

// WriteTable writes the result as a table, and under it what was scanned and what that cost. In a terminal of that width
// the widest columns are made narrower and their cells wrapped; 0 is as wide as it needs.
func (r QueryResult) WriteTable(w io.Writer, width int) error {
	var b strings.Builder
	if len(r.Rows) == 0 {
		b.WriteString("nothing found\n")
	} else {
		r.table(&b, width)
	}
	fmt.Fprintf(&b, "\n%s · %.0f of %.0f events matched · %s scanned · $%s\n", cloud.Count(len(r.Rows), "row"), r.Matched, r.Scanned, size(r.BytesScanned), r.Cost.StringFixed(6))
	_, err := io.WriteString(w, b.String())
	return err
}

func (r QueryResult) table(b *strings.Builder, width int) {
	lines := append([][]string{r.Columns}, r.Rows...)
	widths := make([]int, len(r.Columns))
	for _, row := range lines {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(plain(cell)))
		}
	}
	fit(widths, width)
	for _, row := range lines {
		cells := make([][]string, len(row))
		height := 1
		for i, cell := range row {
			cells[i] = fold(plain(cell), widths[i])
			height = max(height, len(cells[i]))
		}
		for y := range height {
			line := ""
			for i := range cells {
				cell := ""
				if y < len(cells[i]) {
					cell = cells[i][y]
				}
				line += cell + strings.Repeat(" ", max(0, widths[i]-utf8.RuneCountInString(cell))+2)
			}
			b.WriteString(strings.TrimRight(line, " ") + "\n")
		}
	}
}

// leastColumn is how narrow a column may become.
const leastColumn = 8

// fit makes the widest columns narrower until all of them fit.
func fit(widths []int, width int) {
	sum := 2 * (len(widths) - 1)
	for _, n := range widths {
		sum += n
	}
	for ; width > 0 && sum > width; sum-- {
		widest := 0
		for i, n := range widths {
			if n > widths[widest] {
				widest = i
			}
		}
		if widths[widest] <= leastColumn {
			return
		}
		widths[widest]--
	}
}

// fold breaks a cell into lines of a width, between words where it can.
func fold(cell string, width int) []string {
	var lines []string
	for rest := []rune(cell); ; {
		if len(rest) <= width {
			return append(lines, string(rest))
		}
		at := width
		for i := width; i > width/2; i-- {
			if rest[i] == ' ' {
				at = i
				break
			}
		}
		lines = append(lines, string(rest[:at]))
		rest = []rune(strings.TrimPrefix(string(rest[at:]), " "))
	}
}

// Document is the result for scripts.
func (r QueryResult) Document() *document.LogQuery {
	rows := make([]map[string]string, 0, len(r.Rows))
	for _, row := range r.Rows {
		m := map[string]string{}
		for i, cell := range row {
			m[r.Columns[i]] = cell
		}
		rows = append(rows, m)
	}
	return &document.LogQuery{
		Head: document.Of("LogQuery"), Query: r.Name, Columns: append([]string{}, r.Columns...), Rows: rows,
		Matched: int64(r.Matched), Scanned: int64(r.Scanned), BytesScanned: int64(r.BytesScanned), Cost: r.Cost.String(),
	}
}

// plain makes a cell one line without control characters and colours.
func plain(s string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return ' '
		}
		return c
	}, Plain(s))
}

func size(bytes float64) string {
	units := []string{"B", "kB", "MB", "GB", "TB"}
	i := 0
	for bytes >= 1000 && i < len(units)-1 {
		bytes /= 1000
		i++
	}
	if i == 0 {
		return fmt.Sprintf("%.0f B", bytes)
	}
	return fmt.Sprintf("%.1f %s", bytes, units[i])
}
