package agents

//go:generate go run ./schemagen ../../config/agents.schema.json ../../docs/agents-yaml.md

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// definitions collects the named objects of the schema.
type definitions map[string]schema

// object puts the object's schema under its name, once, and returns a reference to it.
func (d *definitions) object(name string, describe func() schema) schema {
	if _, known := (*d)[name]; !known {
		(*d)[name] = nil // keeps a recursive object from describing itself for ever
		(*d)[name] = describe()
	}
	return schema{"$ref": "#/$defs/" + name}
}

func describeObject[S any](d *definitions, fields []field[S], preset *S) schema {
	properties := schema{}
	var required []string
	for _, f := range fields {
		properties[f.key] = f.describe(d, preset)
		if f.required {
			required = append(required, f.key)
		}
	}
	s := schema{"type": []string{"object", "null"}, "additionalProperties": false, "properties": properties}
	if required != nil {
		s["required"] = required
		s["type"] = "object"
	}
	return s
}

func describeDict(keys textRule, of schema) schema {
	return schema{"type": []string{"object", "null"}, "propertyNames": keys.schema(), "additionalProperties": of}
}

// Schema is the JSON schema (draft 2020-12) of agents.yaml. It is made from
// the same table that reads the file.
func Schema() []byte {
	d := definitions{}
	root := tables().describe(&d)
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "agents.yaml"
	root["description"] = "A fleet of agents on ECS Fargate, as karmactl reads it."
	root["$defs"] = d
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(root); err != nil {
		// Only a table that holds a function or a channel gets here; the drift test would say so.
		return []byte(fmt.Sprintf("%q\n", err))
	}
	return out.Bytes()
}
