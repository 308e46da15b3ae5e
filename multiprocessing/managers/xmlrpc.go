package managers

import (
	"encoding/base64"
	"fmt"
	"math"
	"strconv"

	"github.com/conexgo/conex/pickle"
)

// The names of serializers, which are Python's.
const (
	serializerPickle = "pickle"
	serializerXML    = "xmlrpclib"
)

// dump appends an answer to dst.
func (s *Server) dump(dst []byte, kind string, v any) ([]byte, error) {
	if s.cfg.Serializer != serializerXML {
		return s.encode.Append(dst, pickle.Tuple{kind, v})
	}
	if e, ok := v.(*pickle.Exception); ok { // which XML-RPC cannot say
		a := trouble(e)
		kind, v = a.kind, a.value
	}
	v, err := s.plain(v)
	if err != nil {
		return dst, err
	}
	w := xmlWriter{out: dst, limit: s.cfg.MaxMessage}
	w.text("<params>\n<param>\n")
	if err := w.value(pickle.Tuple{kind, v}, 0); err != nil {
		return dst, err
	}
	w.text("</param>\n</params>\n")
	return w.out, nil
}

// An xmlWriter writes values as xmlrpc.client does.
type xmlWriter struct {
	out   []byte
	limit int64
}

func (w *xmlWriter) text(s string) { w.out = append(w.out, s...) }

func (w *xmlWriter) scalar(tag, text string) error {
	w.text("<value><" + tag + ">")
	w.text(text)
	w.text("</" + tag + "></value>\n")
	return nil
}

func (w *xmlWriter) value(v any, depth int) error {
	if depth > xmlDepth {
		return pickle.TypeError.New("cannot marshal recursive sequences")
	}
	if int64(len(w.out)) > w.limit {
		return &pickle.LimitError{Limit: "MaxBytes", Max: w.limit}
	}
	switch v := v.(type) {
	case nil:
		w.text("<value><nil/></value>")
		return nil
	case bool:
		if v {
			return w.scalar("boolean", "1")
		}
		return w.scalar("boolean", "0")
	case int64:
		if v > math.MaxInt32 || v < math.MinInt32 {
			return pickle.OverflowError.New("int exceeds XML-RPC limits")
		}
		return w.scalar("int", strconv.FormatInt(v, 10))
	case float64:
		return w.scalar("double", pickle.Repr(v))
	case string:
		w.text("<value><string>")
		if err := w.escaped(v); err != nil {
			return err
		}
		w.text("</string></value>\n")
		return nil
	case []byte:
		return w.scalar("base64", "\n"+base64.StdEncoding.EncodeToString(v)+"\n")
	case *pickle.ByteArray:
		return w.value(v.Bytes, depth)
	case pickle.Tuple:
		return w.array(v, depth)
	case *pickle.List:
		return w.array(v.Items, depth)
	case *pickle.Dict:
		w.text("<value><struct>\n")
		for k, x := range v.All() {
			name, ok := k.(string)
			if !ok {
				return pickle.TypeError.New("dictionary key must be string")
			}
			w.text("<member>\n<name>")
			if err := w.escaped(name); err != nil {
				return err
			}
			w.text("</name>\n")
			if err := w.value(x, depth+1); err != nil {
				return err
			}
			w.text("</member>\n")
		}
		w.text("</struct></value>\n")
		return nil
	case pickle.DateTime:
		return w.scalar("dateTime.iso8601",
			fmt.Sprintf("%04d%02d%02dT%02d:%02d:%02d", v.Year, v.Month, v.Day, v.Hour, v.Minute, v.Second))
	}
	return pickle.TypeError.Newf("cannot marshal %s objects", pickle.TypeName(v))
}

func (w *xmlWriter) array(items []any, depth int) error {
	w.text("<value><array><data>\n")
	for _, x := range items {
		if err := w.value(x, depth+1); err != nil {
			return err
		}
	}
	w.text("</data></array></value>\n")
	return nil
}

// escaped writes text. XML has no way to write most control characters, nor
// half of a surrogate pair.
func (w *xmlWriter) escaped(s string) error {
	for i, r := range s {
		switch {
		case r == '&':
			w.text("&amp;")
		case r == '<':
			w.text("&lt;")
		case r == '>':
			w.text("&gt;")
		case r == '\r':
			w.text("&#13;")
		case r < ' ' && r != '\t' && r != '\n', r == 0xFFFE, r == 0xFFFF, r == 0xFFFD && s[i:min(len(s), i+3)] != "\uFFFD":
			return pickle.ValueError.Newf("XML has no character for %s", strconv.QuoteToASCII(s[i:min(len(s), i+3)]))
		default:
			w.out = append(w.out, string(r)...)
		}
	}
	return nil
}
