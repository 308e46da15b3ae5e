package managers

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/conexgo/conex/pickle"
)

// xmlDepth is how deep arrays and structs may be nested.
const xmlDepth = 1000

// xmlLoad reads what xmlrpc.client.dumps writes for one value: a params element
// with one param. Arrays become lists, structs dicts, base64 bytes.
func xmlLoad(data []byte) (any, error) {
	d := xml.NewDecoder(bytes.NewReader(data))
	r := xmlReader{open: []xmlOpen{{}}}
	for {
		tok, err := d.RawToken() // which keeps no stack of its own, nor looks at entities
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, xmlError(err.Error())
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			err = r.start(tok.Name.Local)
		case xml.EndElement:
			err = r.end(tok.Name.Local)
		case xml.CharData:
			r.text = append(r.text, tok...)
		case xml.Directive:
			err = xmlError("a document type is not allowed")
		}
		if err != nil {
			return nil, err
		}
	}
	if len(r.tags) > 0 || len(r.open) != 1 || len(r.open[0].items) != 1 {
		return nil, xmlError("one value is needed")
	}
	return r.open[0].items[0], nil
}

func xmlError(text string) error { return pickle.ValueError.New("xmlrpc: " + text) }

type xmlReader struct {
	tags []string  // of the elements that are open
	open []xmlOpen // arrays and structs among them; the first is for the outermost value
	text []byte    // since the last tag
	bare bool      // value is the innermost element, with nothing in it so far
}

// An xmlOpen is an array or a struct that is being read.
type xmlOpen struct {
	items  []any
	dict   *pickle.Dict // of a struct
	name   string       // of its present member
	member int          // 0: no name so far; 1: a name; 2: a value, too
}

// xmlParent says what an element may be in.
var xmlParent = map[string]string{
	"params": "", "param": "params", "value": "param data member", "array": "value", "data": "array",
	"struct": "value", "member": "struct", "name": "member",
}

func (r *xmlReader) start(tag string) error {
	parent := ""
	if len(r.tags) > 0 {
		parent = r.tags[len(r.tags)-1]
	}
	in, ok := xmlParent[tag]
	if !ok {
		in = "value" // a scalar's
	}
	if parent == "" && in != "" || parent != "" && !strings.Contains(" "+in+" ", " "+parent+" ") {
		return xmlError("<" + tag + "> within <" + parent + ">")
	}
	if parent == "value" && !r.bare {
		return xmlError("a value of two")
	}
	switch tag {
	case "array", "struct":
		if len(r.open) >= xmlDepth {
			return &pickle.LimitError{Limit: "MaxDepth", Max: xmlDepth}
		}
		o := xmlOpen{}
		if tag == "struct" {
			o.dict = pickle.NewDict()
		}
		r.open = append(r.open, o)
	case "member":
		r.open[len(r.open)-1].member = 0
	}
	r.tags = append(r.tags, tag)
	r.text = r.text[:0]
	r.bare = tag == "value"
	return nil
}

func (r *xmlReader) end(tag string) error {
	n := len(r.tags) - 1
	if n < 0 || r.tags[n] != tag {
		return xmlError("</" + tag + "> closes nothing")
	}
	r.tags = r.tags[:n]
	var err error
	top := &r.open[len(r.open)-1]
	switch tag {
	case "params", "param", "data":
	case "member":
		if top.member != 2 {
			err = xmlError("a member needs a name and a value")
		}
	case "name":
		if top.member != 0 {
			return xmlError("a member with two names")
		}
		top.name, top.member = string(r.text), 1
	case "array", "struct":
		r.open = r.open[:len(r.open)-1]
		if tag == "array" {
			err = r.add(pickle.NewList(top.items...))
		} else {
			err = r.add(top.dict)
		}
	case "value":
		if r.bare { // what has no type is a string
			err = r.add(string(r.text))
		}
	default:
		var v any
		if v, err = xmlScalar(tag, string(r.text)); err == nil {
			err = r.add(v)
		}
	}
	r.text, r.bare = r.text[:0], false
	return err
}

// add puts a value where it belongs.
func (r *xmlReader) add(v any) error {
	top := &r.open[len(r.open)-1]
	if top.dict == nil {
		top.items = append(top.items, v)
		return nil
	}
	if top.member != 1 {
		return xmlError("a member needs a name, and then one value")
	}
	top.member = 2
	return top.dict.Set(top.name, v)
}

var errXMLValue = errors.New("bad value")

func xmlScalar(tag, text string) (any, error) {
	var v any
	err := errXMLValue
	word := strings.TrimSpace(text)
	switch tag {
	case "nil":
		return nil, nil
	case "string":
		return text, nil
	case "boolean":
		if word == "0" || word == "1" {
			return word == "1", nil
		}
	case "int", "i1", "i2", "i4", "i8", "biginteger":
		if n, e := strconv.ParseInt(word, 10, 64); e == nil {
			return n, nil
		}
		if n, ok := new(big.Int).SetString(word, 10); ok && len(word) <= 4300 { // Python's limit, too
			return n, nil
		}
	case "double", "float":
		v, err = strconv.ParseFloat(word, 64)
		if errors.Is(err, strconv.ErrRange) {
			err = nil
		}
	case "base64":
		v, err = base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	case "dateTime.iso8601":
		var t time.Time
		if t, err = time.Parse("20060102T15:04:05", word); err == nil {
			v = pickle.DateTime{
				Year: t.Year(), Month: int(t.Month()), Day: t.Day(),
				Hour: t.Hour(), Minute: t.Minute(), Second: t.Second(),
			}
		}
	default:
		return nil, xmlError("unknown tag <" + tag + ">")
	}
	if err != nil {
		return nil, xmlError("bad <" + tag + ">: " + strconv.Quote(text[:min(len(text), 50)]))
	}
	return v, nil
}
