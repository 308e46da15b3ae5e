package pickle

import (
	"errors"
	"math"
	"math/big"
	"slices"
	"testing"
)

func TestCompare(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	tests := []struct {
		a, b any
		want int
	}{
		{int64(1), 2.5, -1},
		{int64(1<<53 + 1), float64(1 << 53), 1},
		{int64(1 << 53), float64(1 << 53), 0},
		{bigPow(10, 400), math.MaxFloat64, 1},
		{bigPow(10, 400), inf, -1},
		{new(big.Int).Neg(bigPow(10, 400)), -inf, 1},
		{true, int64(0), 1},
		{-0.5, int64(0), -1},
		{int64(-1), -1.5, 1},
		{nan, 1.0, 1},
		{1.0, nan, 1},
		{Decimal("0.1"), 0.1, -1}, // 0.1 is a little more
		{Decimal("1E+999999999999"), bigPow(2, 2000), 1},
		{Decimal("1E-999999999999"), int64(0), 1},
		{Decimal("-1E+999999999999"), -math.MaxFloat64, -1},
		{Decimal("1E+999999999999"), Decimal("1.0E+999999999999"), 0},
		{Decimal("0E+999999999999"), int64(0), 0},
		{5e-324, Decimal("5E-324"), -1},
		{"a", "b", -1}, {"", "a", -1},
		{"\xed\xa0\x80", "\ue000", -1}, {"\xed\xbf\xbf", "\U0001f600", -1},
		{[]byte("a"), &ByteArray{[]byte("b")}, -1},
		{Tuple{int64(1), "b"}, Tuple{1.0, "a", nil}, 1},
		{Tuple{int64(1)}, Tuple{int64(1), nil}, -1},
		{NewList(nil, int64(1)), NewList(nil, int64(2)), -1},
		{Date{2024, 2, 29}, Date{2024, 3, 1}, -1},
		{TimeDelta{Seconds: 86400}, TimeDelta{Days: 1}, 0},
		{TimeDelta{Days: -1, Seconds: 5}, TimeDelta{}, -1},
		{UUID{1}, UUID{2}, -1},
	}
	for _, test := range tests {
		got, err := Compare(test.a, test.b)
		if err != nil || got != test.want {
			t.Errorf("Compare(%s, %s) = %d, %v; want %d", Repr(test.a), Repr(test.b), got, err, test.want)
		}
		if back, err := Compare(test.b, test.a); err != nil || test.want != 1 && back != -test.want {
			t.Errorf("Compare(%s, %s) = %d, %v", Repr(test.b), Repr(test.a), back, err)
		}
	}
}

func TestCompareErrors(t *testing.T) {
	tests := []struct {
		a, b any
		want string
	}{
		{"a", int64(1), "TypeError: '<' not supported between instances of 'str' and 'int'"},
		{nil, nil, "TypeError: '<' not supported between instances of 'NoneType' and 'NoneType'"},
		{1i, int64(1), "TypeError: '<' not supported between instances of 'complex' and 'int'"},
		{NewSet(int64(1)), NewSet(int64(2)), "TypeError: '<' not supported between instances of 'set' and 'set'"},
		{"a", []byte("a"), "TypeError: '<' not supported between instances of 'str' and 'bytes'"},
		{Tuple{int64(1)}, NewList(int64(1)), "TypeError: '<' not supported between instances of 'tuple' and 'list'"},
		{DateTime{Year: 1, Month: 1, Day: 1}, DateTime{Year: 1, Month: 1, Day: 1, TZ: UTC},
			"TypeError: can't compare offset-naive and offset-aware datetimes"},
	}
	for _, test := range tests {
		if _, err := Compare(test.a, test.b); err == nil || err.Error() != test.want {
			t.Errorf("Compare(%s, %s): %v, want %s", Repr(test.a), Repr(test.b), err, test.want)
		}
		if _, err := Compare(test.a, test.b); !errors.Is(err, TypeError) {
			t.Errorf("%v is no TypeError", err)
		}
	}
}

func TestSortValues(t *testing.T) {
	items := []any{int64(3), true, 2.0, int64(1), Decimal("1.0"), int64(-7)}
	up := slices.Clone(items)
	if err := SortValues(up, Ascending); err != nil || Repr(NewList(up...)) != "[-7, True, 1, Decimal('1.0'), 2.0, 3]" {
		t.Errorf("%s, %v", Repr(NewList(up...)), err)
	}
	down := slices.Clone(items)
	if err := SortValues(down, Descending); err != nil || Repr(NewList(down...)) != "[3, 2.0, True, 1, Decimal('1.0'), -7]" {
		t.Errorf("%s, %v", Repr(NewList(down...)), err)
	}
	mixed := []any{int64(3), int64(1), "x", int64(2)}
	was := slices.Clone(mixed)
	if err := SortValues(mixed, Ascending); err == nil || !slices.Equal(mixed, was) {
		t.Errorf("%v, %v", mixed, err)
	}
}
