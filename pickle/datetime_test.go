package pickle

import (
	"testing"
	"time"
)

func TestDateTimeOf(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Skip("there is no time zone database here: ", err)
	}
	tests := []struct {
		t    time.Time
		want string
	}{
		{time.Date(2024, 7, 1, 12, 0, 0, 1999, paris),
			"datetime.datetime(2024, 7, 1, 12, 0, 0, 1, tzinfo=datetime.timezone(datetime.timedelta(seconds=7200)))"},
		{time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), "datetime.datetime(1, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)"},
		{time.Date(1900, 1, 1, 0, 0, 0, 0, paris),
			"datetime.datetime(1900, 1, 1, 0, 0, tzinfo=datetime.timezone(datetime.timedelta(seconds=561)))"},
		{time.Date(2024, 1, 1, 0, 0, 0, 0, time.FixedZone("", -3600)),
			"datetime.datetime(2024, 1, 1, 0, 0, tzinfo=datetime.timezone(datetime.timedelta(days=-1, seconds=82800)))"},
	}
	for _, test := range tests {
		d, err := DateTimeOf(test.t)
		if err != nil || Repr(d) != test.want {
			t.Errorf("%v: %s, %v; want %s", test.t, Repr(d), err, test.want)
		}
		back, err := d.Time()
		if err != nil || !back.Equal(test.t.Truncate(time.Microsecond)) {
			t.Errorf("%v came back as %v, %v", test.t, back, err)
		}
	}
	if _, err := DateTimeOf(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)); err == nil {
		t.Error("the year 10000")
	}
	if _, err := DateTimeOf(time.Time{}); err != nil {
		t.Error(err)
	}
}

// Instants at which the clocks of Paris change; what Python's
// datetime(..., tzinfo=ZoneInfo('Europe/Paris')).astimezone(utc) says of them.
func TestTimeInFold(t *testing.T) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Skip("there is no time zone database here: ", err)
	}
	tests := []struct {
		d    DateTime
		want time.Time
	}{
		{DateTime{Year: 2024, Month: 10, Day: 27, Hour: 2, Minute: 30}, time.Date(2024, 10, 27, 0, 30, 0, 0, time.UTC)},
		{DateTime{Year: 2024, Month: 10, Day: 27, Hour: 2, Minute: 30, Fold: 1}, time.Date(2024, 10, 27, 1, 30, 0, 0, time.UTC)},
		{DateTime{Year: 2024, Month: 10, Day: 27, Hour: 3, Fold: 1}, time.Date(2024, 10, 27, 2, 0, 0, 0, time.UTC)},
		{DateTime{Year: 2024, Month: 10, Day: 27, Hour: 1, Minute: 59}, time.Date(2024, 10, 26, 23, 59, 0, 0, time.UTC)},
		{DateTime{Year: 2024, Month: 3, Day: 31, Hour: 2, Minute: 30}, time.Date(2024, 3, 31, 1, 30, 0, 0, time.UTC)},
		{DateTime{Year: 2024, Month: 3, Day: 31, Hour: 2, Minute: 30, Fold: 1}, time.Date(2024, 3, 31, 0, 30, 0, 0, time.UTC)},
		{DateTime{Year: 2024, Month: 3, Day: 31, Hour: 4}, time.Date(2024, 3, 31, 2, 0, 0, 0, time.UTC)},
		{DateTime{Year: 2024, Month: 3, Day: 31, Hour: 1, Minute: 59, Fold: 1}, time.Date(2024, 3, 31, 0, 59, 0, 0, time.UTC)},
	}
	zone := &Object{Class: Global{"zoneinfo", "ZoneInfo._unpickle"}, Args: Tuple{"Europe/Paris", true}}
	for _, test := range tests {
		if got := test.d.TimeIn(paris); !got.Equal(test.want) {
			t.Errorf("%s, fold %d: %v, want %v", test.d, test.d.Fold, got.UTC(), test.want)
		}
		test.d.TZ = zone
		if got, err := test.d.Time(); err != nil || !got.Equal(test.want) {
			t.Errorf("with ZoneInfo, %s, fold %d: %v, %v", test.d, test.d.Fold, got, err)
		}
	}
	for _, name := range []string{"No/Such", "../etc/passwd", "/etc/passwd", "Local", ""} {
		zone.Args[0] = name
		if _, err := (DateTime{Year: 2024, Month: 1, Day: 1, TZ: zone}).Time(); err == nil {
			t.Errorf("the zone %q is known", name)
		}
	}
}

func TestTimeDelta(t *testing.T) {
	tests := []struct {
		d    time.Duration
		want string
	}{
		{0, "0:00:00"},
		{-time.Microsecond, "-1 day, 23:59:59.999999"},
		{999, "0:00:00"}, {-999, "0:00:00"},
		{49 * time.Hour, "2 days, 1:00:00"},
		{1<<63 - 1, "106751 days, 23:47:16.854775"},
		{-1 << 63, "-106752 days, 0:12:43.145225"},
	}
	for _, test := range tests {
		d := TimeDeltaOf(test.d)
		if d.String() != test.want {
			t.Errorf("%v: %s, want %s", test.d, d, test.want)
		}
		back, err := d.Duration()
		if err != nil || back != test.d.Truncate(time.Microsecond) {
			t.Errorf("%v came back as %v, %v", test.d, back, err)
		}
	}
	for _, d := range []TimeDelta{{Days: 106752}, {Days: -106753}, {Days: 999999999}, {Days: -999999999},
		{Days: 106751, Seconds: 86399}} {
		if v, err := d.Duration(); err == nil {
			t.Errorf("%s is %v", d, v)
		}
	}
	odd := TimeDelta{Days: 1, Seconds: -1, Microseconds: -1}
	if odd.normal() != (TimeDelta{0, 86398, 999999}) {
		t.Errorf("%+v", odd.normal())
	}
}

func TestInvalid(t *testing.T) {
	values := []any{
		Date{}, Date{0, 1, 1}, Date{10000, 1, 1}, Date{2023, 2, 29}, Date{2024, 13, 1}, Date{2024, 4, 31},
		TimeOfDay{Hour: 24}, TimeOfDay{Minute: 60}, TimeOfDay{Second: 60}, TimeOfDay{Microsecond: 1e6},
		TimeOfDay{Fold: 2}, TimeOfDay{Hour: -1}, DateTime{Year: 2024, Month: 1, Day: 1, Hour: 24},
		TimeDelta{Days: 1e9}, TimeDelta{Days: -1e9}, TimeZone{Offset: TimeDelta{Days: 1}},
		TimeZone{Offset: TimeDelta{Days: -1}}, TimeZone{Name: int64(1)},
		Decimal(""), Decimal("1x"), Decimal("--1"), Decimal("1E"), Decimal("."), Decimal("1E99999999999999999999"),
	}
	for _, v := range values {
		if _, err := Marshal(v); err == nil {
			t.Errorf("%s has a pickle", Repr(v))
		}
	}
}

func TestParseDecimal(t *testing.T) {
	tests := map[string]Decimal{
		" 1_000.50 ": "1000.50", "+1e3": "1E+3", "-.5": "-0.5", "5.": "5", "007": "7", "-0": "-0",
		"inf": "Infinity", "-INF": "-Infinity", "nan007": "NaN7", "sNaN": "sNaN", "0.0000001": "1E-7",
	}
	for in, want := range tests {
		if got, err := ParseDecimal(in); err != nil || got != want {
			t.Errorf("%q: %s, %v; want %s", in, got, err, want)
		}
	}
	if f, err := Decimal("1E+400").Float64(); err != nil || f < 1e308 {
		t.Errorf("%v, %v", f, err)
	}
	if r, err := Decimal("-1.25").Rat(); err != nil || r.String() != "-5/4" {
		t.Errorf("%v, %v", r, err)
	}
	if _, err := Decimal("1E+999999999").Rat(); err == nil {
		t.Error("a fraction of 10^9 digits")
	}
}
