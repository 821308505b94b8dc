package importer

import (
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/tryfunc"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// origin marks a value of HCL with the variable or local that it comes from.
type origin struct{ t *tree }

func marked(marks cty.ValueMarks) []*tree {
	var out []*tree
	for k := range marks {
		if o, ok := k.(origin); ok {
			out = append(out, o.t)
		}
	}
	slices.SortFunc(out, func(a, b *tree) int { return strings.Compare(a.name, b.name) })
	return out
}

// cty is a tree as HCL's value, each scalar marked with where it comes from.
func (t *tree) cty() cty.Value {
	if t == nil || t.null {
		return cty.NullVal(cty.DynamicPseudoType)
	}
	switch t.kind {
	case dict:
		all := map[string]cty.Value{}
		for k, c := range t.each() {
			all[k] = c.cty()
		}
		return cty.ObjectVal(all)
	case list:
		all := make([]cty.Value, len(t.items))
		for i, c := range t.items {
			all[i] = c.cty()
		}
		return cty.TupleVal(all)
	}
	v := cty.StringVal(t.text)
	switch t.typ {
	case number:
		if n, err := cty.ParseNumberVal(t.text); err == nil {
			v = n
		}
	case truth:
		v = cty.BoolVal(t.text == "true")
	}
	return v.Mark(origin{t})
}

// fromCty is HCL's value as a tree. A value that comes from one place has that place.
func fromCty(name string, v cty.Value, where Place) *tree {
	v, marks := v.Unmark()
	t := &tree{name: name, at: where, sources: marked(marks)}
	if !v.IsKnown() {
		t.text = "${…}"
		return t
	}
	if v.IsNull() {
		t.null = true
		return t
	}
	switch ty := v.Type(); {
	case ty == cty.String:
		t.text = v.AsString()
	case ty == cty.Number:
		t.text, t.typ = numberText(v.AsBigFloat()), number
	case ty == cty.Bool:
		t.text, t.typ = strconv.FormatBool(v.True()), truth
	case ty.IsMapType() || ty.IsObjectType():
		t.kind = dict
		for it := v.ElementIterator(); it.Next(); {
			k, x := it.Element()
			k, _ = k.Unmark()
			t.put(k.AsString(), fromCty(below(name, k.AsString()), x, where))
		}
	case ty.IsListType() || ty.IsSetType() || ty.IsTupleType():
		t.kind = list
		for it := v.ElementIterator(); it.Next(); {
			_, x := it.Element()
			t.items = append(t.items, fromCty(below(name, strconv.Itoa(len(t.items))), x, where))
		}
	}
	if t.kind == scalar && len(t.sources) == 1 && t.sources[0].text == t.text {
		t.at = t.sources[0].at
	}
	return t
}

func numberText(f *big.Float) string {
	if n, acc := f.Int64(); acc == big.Exact {
		return strconv.FormatInt(n, 10)
	}
	return f.Text('g', 12)
}

var errUnknown = errors.New("only Terraform knows it")

// value works an expression out as HCL does.
func (m *module) value(e hclsyntax.Expression, s scope) (cty.Value, error) {
	v, diags := e.Value(m.context(e, s))
	if diags.HasErrors() {
		return cty.NilVal, errUnknown
	}
	return v, nil
}

// context has what the expression names, and no more.
func (m *module) context(e hclsyntax.Expression, s scope) *hcl.EvalContext {
	roots := map[string]map[string]cty.Value{}
	ctx := &hcl.EvalContext{Variables: map[string]cty.Value{}, Functions: m.functions()}
	add := func(root, name string, v cty.Value) {
		if roots[root] == nil {
			roots[root] = map[string]cty.Value{}
		}
		roots[root][name] = v
	}
	for _, tr := range e.Variables() {
		root, name := tr.RootName(), ""
		if len(tr) > 1 {
			if a, ok := tr[1].(hcl.TraverseAttr); ok {
				name = a.Name
			}
		}
		if t := m.root(tr, s); t != nil {
			add(root, name, t.cty())
			continue
		}
		switch {
		case root == "var" && name != "":
			add(root, name, cty.StringVal("${"+m.path+"var."+name+"}"))
		case root == "count" && s.count >= 0:
			add(root, "index", cty.NumberIntVal(int64(s.count)))
		case root == "path":
			add(root, name, cty.StringVal("."))
		case root == "terraform":
			add(root, name, cty.StringVal("default"))
		default:
			if v, ok := m.objects[root]; ok {
				ctx.Variables[root] = v
			}
		}
	}
	for root, all := range roots {
		ctx.Variables[root] = cty.ObjectVal(all)
	}
	return ctx
}

// functions are those of Terraform that need nothing but their arguments, and the
// ones that read a file of the module.
func (m *module) functions() map[string]function.Function {
	text := func(read func([]cty.Value) (string, error), params ...function.Parameter) function.Function {
		return function.New(&function.Spec{Params: params, Type: function.StaticReturnType(cty.String), Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			s, err := read(args)
			return cty.StringVal(s), err
		}})
	}
	file := func(args []cty.Value) (string, error) { return m.file(args[0].AsString()) }
	path := function.Parameter{Name: "path", Type: cty.String}
	return map[string]function.Function{
		"abs": stdlib.AbsoluteFunc, "ceil": stdlib.CeilFunc, "floor": stdlib.FloorFunc, "max": stdlib.MaxFunc, "min": stdlib.MinFunc,
		"upper": stdlib.UpperFunc, "lower": stdlib.LowerFunc, "title": stdlib.TitleFunc, "join": stdlib.JoinFunc, "split": stdlib.SplitFunc,
		"format": stdlib.FormatFunc, "formatlist": stdlib.FormatListFunc, "replace": stdlib.ReplaceFunc, "substr": stdlib.SubstrFunc,
		"trim": stdlib.TrimFunc, "trimspace": stdlib.TrimSpaceFunc, "trimprefix": stdlib.TrimPrefixFunc, "trimsuffix": stdlib.TrimSuffixFunc,
		"concat": stdlib.ConcatFunc, "merge": stdlib.MergeFunc, "lookup": stdlib.LookupFunc, "element": stdlib.ElementFunc,
		"keys": stdlib.KeysFunc, "values": stdlib.ValuesFunc, "flatten": stdlib.FlattenFunc, "contains": stdlib.ContainsFunc,
		"coalesce": stdlib.CoalesceFunc, "coalescelist": stdlib.CoalesceListFunc, "compact": stdlib.CompactFunc, "distinct": stdlib.DistinctFunc,
		"length": stdlib.LengthFunc, "range": stdlib.RangeFunc, "reverse": stdlib.ReverseListFunc, "slice": stdlib.SliceFunc, "sort": stdlib.SortFunc,
		"zipmap": stdlib.ZipmapFunc, "setproduct": stdlib.SetProductFunc, "setunion": stdlib.SetUnionFunc, "chunklist": stdlib.ChunklistFunc,
		"jsonencode": stdlib.JSONEncodeFunc, "jsondecode": stdlib.JSONDecodeFunc,
		"tostring": stdlib.MakeToFunc(cty.String), "tonumber": stdlib.MakeToFunc(cty.Number), "tobool": stdlib.MakeToFunc(cty.Bool),
		"toset": stdlib.MakeToFunc(cty.Set(cty.DynamicPseudoType)), "tolist": stdlib.MakeToFunc(cty.List(cty.DynamicPseudoType)), "tomap": stdlib.MakeToFunc(cty.Map(cty.DynamicPseudoType)),
		"try": tryfunc.TryFunc, "can": tryfunc.CanFunc, "index": stdlib.IndexFunc, "regex": stdlib.RegexFunc, "regexall": stdlib.RegexAllFunc,
		"setintersection": stdlib.SetIntersectionFunc, "setsubtract": stdlib.SetSubtractFunc, "parseint": stdlib.ParseIntFunc,
		"chomp": stdlib.ChompFunc, "indent": stdlib.IndentFunc, "strrev": stdlib.ReverseFunc,
		"file": text(file, path),
		"templatefile": text(func(args []cty.Value) (string, error) {
			src, err := m.file(args[0].AsString())
			if err != nil {
				return "", err
			}
			return m.render(src, args[1])
		}, path, function.Parameter{Name: "vars", Type: cty.DynamicPseudoType}),
	}
}

// file reads a file of the module, and none outside of what is imported.
func (m *module) file(path string) (string, error) {
	full := filepath.Join(m.dir, path)
	if rel, err := filepath.Rel(m.said, full); err != nil || strings.HasPrefix(rel, "..") || strings.HasSuffix(rel, ".pem") || strings.HasSuffix(rel, ".key") {
		return "", errUnknown
	}
	b, err := os.ReadFile(full)
	return string(b), err
}

// render fills a template in.
func (m *module) render(src string, vars cty.Value) (string, error) {
	e, diags := hclsyntax.ParseTemplate([]byte(src), "template", hcl.InitialPos)
	if diags.HasErrors() {
		return "", errUnknown
	}
	ctx := &hcl.EvalContext{Variables: map[string]cty.Value{}, Functions: m.functions()}
	vars, _ = vars.UnmarkDeep()
	if vars.IsNull() || !vars.CanIterateElements() {
		return "", errUnknown
	}
	for it := vars.ElementIterator(); it.Next(); {
		k, v := it.Element()
		ctx.Variables[k.AsString()] = v
	}
	v, diags := e.Value(ctx)
	if diags.HasErrors() || !v.IsKnown() || v.Type() != cty.String {
		return "", errUnknown
	}
	return v.AsString(), nil
}
