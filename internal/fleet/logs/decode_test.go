package logs

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func decodePage(body string) (*page, bool) {
	streams := map[string]*stream{}
	p := &page{intern: func(name []byte) *stream {
		if streams[string(name)] == nil {
			streams[string(name)] = &stream{name: string(name)}
		}
		return streams[string(name)]
	}}
	ok := p.decode([]byte(body))
	return p, ok
}

func TestAPageIsDecodedAsEncodingJSONWould(t *testing.T) {
	for _, message := range []string{
		"plain", "", `"quoted" \back/`, "tab\tnewline\nreturn\rbell\a", "é 日本 \U0001F600", "<&>", strings.Repeat("long ", 30_000),
	} {
		m, err := json.Marshal(message)
		if err != nil {
			t.Fatal(err)
		}
		p, ok := decodePage(fmt.Sprintf(` { "searchedLogStreams" : [ {"a":[1,2.5e3,null,true,"x\"y"]} ],
			"events":[{"eventId":"1","message":%s,"logStreamName":"s\/1","timestamp":12,"ingestionTime":-13,"new":{}},
			{"message":"\u00e9\ud83d\ude00\ud800x","timestamp":14,"eventId":"2","logStreamName":"s2"}],"nextToken":"t\/k"}`, m))
		if !ok || p.token != "t/k" || p.total != 2 {
			t.Fatalf("%.20q: %v, token %q, %d events", message, ok, p.token, p.total)
		}
		type line struct {
			TS, Ingested        int64
			ID, Message, Stream string
		}
		var got []line
		for _, r := range p.records {
			got = append(got, line{r.ts, r.ingested, r.id, r.message, r.from.name})
		}
		if d := cmp.Diff([]line{{12, -13, "1", message, "s/1"}, {14, 0, "2", "é😀\ufffdx", "s2"}}, got); d != "" {
			t.Error(d)
		}
	}
}

func TestAPageThatIsNotAsPromisedIsLeftToTheSDK(t *testing.T) {
	for _, body := range []string{
		"", "[]", "{", `{"events":[{]}`, `{"events":[{"timestamp":1.5}]}`, `{"events":[{"message":"open}]}`,
		`{"nextToken":5}`, `{"events":[{"message":"\x"}]}`, `{"a":` + strings.Repeat("[", 200),
	} {
		if _, ok := decodePage(body); ok {
			t.Errorf("%.30q was taken", body)
		}
	}
	if p, ok := decodePage(`{"events":null,"nextToken":null}`); !ok || p.token != "" {
		t.Error("nulls were not taken")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(`{"events":[{"eventId":"1","message":"a\n\u00e9","logStreamName":"s","timestamp":1,"ingestionTime":2}],"nextToken":"x"}`)
	f.Fuzz(func(t *testing.T, body string) {
		p, ok := decodePage(body)
		var want struct {
			Events []struct {
				Message   string
				Timestamp int64
			}
		}
		if !ok || json.Unmarshal([]byte(body), &want) != nil || len(want.Events) != len(p.records) {
			return
		}
		for i, e := range want.Events {
			got := p.records[i].message
			if e.Message != strings.ToValidUTF8(got, "\ufffd") && strings.ToValidUTF8(got, "") == got && strings.Count(body, "message") == len(want.Events) {
				t.Errorf("%q, want %q", got, e.Message)
			}
		}
	})
}
