package importer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sort"
	"strconv"
)

// jsonTree reads a JSON document with the line of each value.
func jsonTree(file string, src []byte) (*tree, error) {
	j := jsonReader{file: file, dec: json.NewDecoder(bytes.NewReader(src))}
	j.dec.UseNumber()
	for i, c := range src {
		if c == '\n' {
			j.breaks = append(j.breaks, int64(i))
		}
	}
	t, err := j.read("")
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", file, err)
	}
	return t, nil
}

type jsonReader struct {
	file   string
	dec    *json.Decoder
	breaks []int64
}

// line is the line of what was read last.
func (j *jsonReader) line() int {
	at := j.dec.InputOffset() - 1
	return 1 + sort.Search(len(j.breaks), func(i int) bool { return j.breaks[i] >= at })
}

func (j *jsonReader) read(name string) (*tree, error) {
	tok, err := j.dec.Token()
	if err != nil {
		return nil, err
	}
	t := &tree{name: name, at: Place{File: j.file, Line: j.line()}}
	switch v := tok.(type) {
	case json.Delim:
		t.kind = list
		if v == '{' {
			t.kind = dict
		}
		for j.dec.More() {
			key := strconv.Itoa(len(t.items))
			if t.kind == dict {
				k, err := j.dec.Token()
				if err != nil {
					return nil, err
				}
				key, _ = k.(string)
				t.keys = append(t.keys, key)
			}
			c, err := j.read(below(name, key))
			if err != nil {
				return nil, err
			}
			t.items = append(t.items, c)
		}
		_, err = j.dec.Token()
		return t, err
	case string:
		t.text = v
	case json.Number:
		t.text, t.typ = v.String(), number
	case bool:
		t.text, t.typ = strconv.FormatBool(v), truth
	case nil:
		t.null = true
	}
	return t, nil
}
