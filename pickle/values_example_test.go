package pickle_test

import (
	"fmt"
	"time"

	"github.com/conexgo/conex/pickle"
)

// Structs become dicts, and dicts structs. Without a tag the name in Python is
// that of the field; reading does not mind the customs of either language.
func Example_structTags() {
	type Job struct {
		ID      int           `pickle:"id"`
		Name    string        `pickle:"name"`
		Tags    []string      `pickle:"tags,omitempty"`
		Timeout time.Duration `pickle:"timeout"`
		secret  string
	}
	data, err := pickle.Marshal(Job{ID: 7, Name: "resize", Timeout: 90 * time.Second, secret: "x"})
	if err != nil {
		fmt.Println(err)
	}
	var v any
	pickle.Unmarshal(data, &v)
	fmt.Println(pickle.Repr(v))

	var job Job
	if err := pickle.Unmarshal(data, &job); err != nil {
		fmt.Println(err)
	}
	fmt.Println(job.ID, job.Name, job.Timeout)

	data, _ = pickle.Marshal(map[string]any{"id": "seven"})
	fmt.Println(pickle.Unmarshal(data, &job))
	// Output:
	// {'id': 7, 'name': 'resize', 'timeout': datetime.timedelta(seconds=90)}
	// 7 resize 1m30s
	// pickle: at ID: str does not fit int
}

// Keys are equal as they are in Python.
func ExampleDict() {
	d := pickle.NewDict(pickle.Pair{Key: "b", Value: 1}, pickle.Pair{Key: int64(1), Value: 2})
	d.Set(1.0, 3)  // the same key as 1, which keeps its place
	d.Set(true, 4) // and so is True
	d.Set(pickle.Tuple{"x", int64(1)}, 5)
	fmt.Println(d.Get(int64(1)))
	fmt.Println(d.Set(pickle.NewList(), 6))
	fmt.Println(pickle.Repr(d))
	for k, v := range d.All() {
		fmt.Println(pickle.Repr(k), v)
	}
	// Output:
	// 4 true
	// TypeError: unhashable type: 'list'
	// {'b': 1, 1: 4, ('x', 1): 5}
	// 'b' 1
	// 1 4
	// ('x', 1) 5
}

// A datetime without a zone is no instant until somebody says where its clock
// hung.
func ExampleDateTime() {
	d := pickle.DateTime{Year: 2024, Month: 2, Day: 29, Hour: 12}
	fmt.Println(pickle.Repr(d))
	fmt.Println(d.TimeIn(time.FixedZone("", 3600)).UTC())

	aware, err := pickle.DateTimeOf(time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC))
	fmt.Println(aware, err)
	fmt.Println(pickle.Equal(d, aware))
	// Output:
	// datetime.datetime(2024, 2, 29, 12, 0)
	// 2024-02-29 11:00:00 +0000 UTC
	// 2024-02-29 12:00:00+00:00 <nil>
	// false
}

func ExampleSet() {
	s := pickle.NewSet(int64(1), "a")
	s.Add(true) // is 1
	fmt.Println(pickle.Repr(s), s.Has(1.0), s.Len())
	// Output: {1, 'a'} true 2
}

func ExampleFrozenSet() {
	s, err := pickle.NewFrozenSet("a", "b")
	d := pickle.NewDict(pickle.Pair{Key: s, Value: 1})
	fmt.Println(pickle.Repr(d), err)
	// Output: {frozenset({'a', 'b'}): 1} <nil>
}

func ExampleCompare() {
	fmt.Println(pickle.Compare(int64(1<<53+1), float64(1<<53)))
	fmt.Println(pickle.Compare("a", int64(1)))
	// Output:
	// 1 <nil>
	// 0 TypeError: '<' not supported between instances of 'str' and 'int'
}

func ExampleDecimal() {
	price, err := pickle.ParseDecimal("1.50")
	fmt.Println(pickle.Repr(price), err, pickle.Equal(price, 1.5))
	// Output: Decimal('1.50') <nil> true
}
