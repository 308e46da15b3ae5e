package managers

import (
	"context"
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/conexgo/conex/pickle"
)

// xmlOf is what xmlrpc.client.dumps makes of one value.
func xmlOf(value string) string { return "<params>\n<param>\n" + value + "</param>\n</params>\n" }

func TestXMLDecode(t *testing.T) {
	huge, _ := new(big.Int).SetString("100000000000000000000", 10)
	dict := pickle.NewDict()
	if err := errors.Join(dict.Set("a", int64(1)), dict.Set("", pickle.NewList())); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		xml  string
		want any
	}{
		{"<value><nil/></value>", nil},
		{"<value><boolean>1</boolean></value>\n", true},
		{"<value><boolean>0</boolean></value>\n", false},
		{"<value><int>-5</int></value>\n", int64(-5)},
		{"<value><i4> 7 </i4></value>", int64(7)},
		{"<value><i8>9223372036854775807</i8></value>", int64(1<<63 - 1)},
		{"<value><biginteger>100000000000000000000</biginteger></value>", huge},
		{"<value><double>2.25</double></value>\n", 2.25},
		{"<value><string>a &lt;&amp;&gt; \u043f &#233;</string></value>\n", "a <&> \u043f é"},
		{"<value><string></string></value>", ""},
		{"<value>bare</value>", "bare"},
		{"<value></value>", ""},
		{"<value><base64>\naGFs\nbOU=\n</base64></value>\n", []byte("hall\xe5")},
		{"<value><base64>\n</base64></value>\n", []byte{}},
		{"<value><dateTime.iso8601>20200102T03:04:05</dateTime.iso8601></value>\n",
			pickle.DateTime{Year: 2020, Month: 1, Day: 2, Hour: 3, Minute: 4, Second: 5}},
		{"<value><array><data>\n<value><int>1</int></value>\n<value><array><data>\n</data></array></value>\n</data></array></value>\n",
			pickle.NewList(int64(1), pickle.NewList())},
		{"<value><struct>\n<member>\n<name>a</name>\n<value><int>1</int></value>\n</member>\n" +
			"<member><name></name><value><array><data/></array></value></member></struct></value>", dict},
	} {
		got, err := xmlLoad([]byte(xmlOf(tt.xml)))
		if err != nil || pickle.TypeName(got) != pickle.TypeName(tt.want) || !pickle.Equal(got, tt.want) {
			t.Errorf("%s: %v, %v; want %v", tt.xml, got, err, tt.want)
		}
	}
}

func TestXMLDecodeRefuses(t *testing.T) {
	for _, text := range []string{
		"", "<params/>", "<params><param/></params>", "<value><int>1</int></value>", "garbage",
		xmlOf("<value><int>1</int></value><value><int>2</int></value>"),
		xmlOf("<value><int>1</int><int>2</int></value>"),
		xmlOf("<value><int>x</int></value>"), xmlOf("<value><int></int></value>"),
		xmlOf("<value><boolean>2</boolean></value>"), xmlOf("<value><double>x</double></value>"),
		xmlOf("<value><base64>!</base64></value>"), xmlOf("<value><dateTime.iso8601>now</dateTime.iso8601></value>"),
		xmlOf("<value><exec>1</exec></value>"), xmlOf("<value><array><value/></array></value>"),
		xmlOf("<value><struct><member><name>a</name></member></struct></value>"),
		xmlOf("<value><struct><member><value/></member></struct></value>"),
		xmlOf("<value><struct><member><name>a</name><name>a</name><value/></member></struct></value>"),
		xmlOf("<value><struct><member><name>a</name><value/><value/></member></struct></value>"),
		xmlOf("<value><struct><value/></struct></value>"),
		xmlOf("<value><string>&bomb;</string></value>"),
		"<!DOCTYPE a [<!ENTITY bomb 'x'>]>" + xmlOf("<value><string>x</string></value>"),
		"<params><param><value><int>1</int></value></param>", xmlOf("<value><int>1</i4></value>"), xmlOf("</value>"),
		xmlOf(strings.Repeat("<value><array><data>", 5000) + strings.Repeat("</data></array></value>", 5000)),
		xmlOf("<value><int>" + strings.Repeat("9", 5000) + "</int></value>"),
		"<fault><value><int>1</int></value></fault>",
	} {
		if v, err := xmlLoad([]byte(text)); err == nil {
			t.Errorf("%.60q is %v", text, v)
		}
	}
}

func TestXMLEncode(t *testing.T) {
	deep := pickle.NewList()
	deep.Items = []any{deep}
	mixed := pickle.NewDict()
	if err := mixed.Set(int64(1), nil); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		v    any
		want string // "" for an error
	}{
		{nil, "<value><nil/></value>"},
		{int64(-1 << 31), "<value><int>-2147483648</int></value>\n"},
		{int64(1 << 31), ""},
		{1e300, "<value><double>1e+300</double></value>\n"},
		{"a<b>&\r", "<value><string>a&lt;b&gt;&amp;&#13;</string></value>\n"},
		{"\x00", ""},
		{"\xed\xa0\x80", ""},
		{"\uFFFD", "<value><string>\uFFFD</string></value>\n"},
		{[]byte("hall\xe5"), "<value><base64>\naGFsbOU=\n</base64></value>\n"},
		{pickle.Tuple{true}, "<value><array><data>\n<value><boolean>1</boolean></value>\n</data></array></value>\n"},
		{mixed, ""},
		{deep, ""},
		{pickle.Ellipsis, ""},
	} {
		w := xmlWriter{limit: 1 << 20}
		err := w.value(tt.v, 0)
		if tt.want == "" && err == nil || tt.want != "" && (err != nil || string(w.out) != tt.want) {
			t.Errorf("%v: %q, %v", pickle.Repr(tt.v), w.out, err)
		}
	}
	w := xmlWriter{limit: 1000}
	if err := w.value(pickle.NewList(strings.Repeat("x", 2000), nil), 0); err == nil {
		t.Error("the limit is none")
	}
}

// What is read can be written, and read again as the same.
func FuzzXMLRPC(f *testing.F) {
	f.Add(xmlOf("<value><array><data>\n<value><nil/></value><value><string>create</string></value>\n" +
		"<value><array><data>\n<value><string>get_queue</string></value>\n</data></array></value>\n" +
		"<value><struct>\n<member>\n<name>a</name>\n<value><base64>\neA==\n</base64></value>\n</member>\n</struct></value>\n</data></array></value>\n"))
	f.Add(xmlOf("<value><dateTime.iso8601>20200102T03:04:05</dateTime.iso8601></value>\n"))
	f.Add(xmlOf("<value><double>nan</double></value>\n"))
	f.Fuzz(func(t *testing.T, text string) {
		v, err := xmlLoad([]byte(text))
		if err != nil {
			return
		}
		w := xmlWriter{limit: 1 << 24}
		w.text("<params>\n<param>\n")
		if err := w.value(v, 0); err != nil {
			return
		}
		w.text("</param>\n</params>\n")
		again, err := xmlLoad(w.out)
		if err != nil {
			t.Fatalf("%q was written as %q: %v", text, w.out, err)
		}
		if pickle.Repr(v) != pickle.Repr(again) {
			t.Fatalf("%v became %v", pickle.Repr(v), pickle.Repr(again))
		}
	})
}

func TestXMLServer(t *testing.T) {
	types := NewTypes("")
	types.Register("get_queue", QueueType, Shared())
	s := poolServe(t, Config{Types: types, Serializer: "xmlrpclib"})
	ask := func(c *poolClient, text string) string {
		t.Helper()
		if err := c.conn.WriteFrame(context.Background(), []byte(xmlOf(text))); err != nil {
			t.Fatal(err)
		}
		b, err := c.conn.ReadFrame(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	str := func(s string) string { return "<value><string>" + s + "</string></value>" }
	arr := func(items ...string) string {
		return "<value><array><data>" + strings.Join(items, "") + "</data></array></value>"
	}
	none, empty := "<value><nil/></value>", "<value><struct></struct></value>"
	v, err := xmlLoad([]byte(ask(poolDial(t, s), arr(none, str("create"), arr(str("get_queue")), empty))))
	if err != nil {
		t.Fatal(err)
	}
	answer := v.(*pickle.List).Items
	if answer[0] != "#RETURN" {
		t.Fatal(pickle.Repr(v))
	}
	id := answer[1].(*pickle.List).Items[0].(string)

	c := poolDial(t, s)
	ask(c, arr(none, str("accept_connection"), arr(str("me")), empty))
	put := arr(str("hello"), none, "<value><double>2.25</double></value>", str("hall\u00e5"))
	if got := ask(c, arr(str(id), str("put"), arr(put), empty)); !strings.Contains(got, "#RETURN") {
		t.Fatal(got)
	}
	if got := ask(c, arr(str(id), str("get"), arr(), empty)); !strings.Contains(got, "<string>hall\u00e5</string>") {
		t.Fatal(got)
	}
	// An exception is text.
	if got := ask(c, arr(str(id), str("get_nowait"), arr(), empty)); !strings.Contains(got, "#TRACEBACK") || !strings.Contains(got, "Empty") {
		t.Fatal(got)
	}
	// So is what is no XML-RPC, and what does not fit into it.
	if got := ask(c, "<value><exec/></value>"); !strings.Contains(got, "#TRACEBACK") {
		t.Fatal(got)
	}
	ask(c, arr(str(id), str("put"), arr("<value><i8>5000000000</i8></value>"), empty))
	if got := ask(c, arr(str(id), str("get"), arr(), empty)); !strings.Contains(got, "#UNSERIALIZABLE") {
		t.Fatal(got)
	}
	if _, err := Listen(context.Background(), Config{AuthKey: []byte("k"), Serializer: "json"}); err == nil {
		t.Fatal("there is no such serializer")
	}
}
