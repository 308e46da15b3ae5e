package codec

import (
	"encoding/binary"
	"math"
	"reflect"
	"time"
	"unsafe"
)

var timeType = reflect.TypeFor[time.Time]()

const (
	timeSize = 16
	// utcOffset stands for the location UTC, which is not the same as a zone that happens to be at offset 0.
	utcOffset = math.MinInt32
)

// buildTime: what time.Time's own MarshalBinary keeps (instant, offset, and whether it is UTC or the local zone), at
// a fixed width and without its range check. The monotonic clock reading means nothing in another process.
func (n *node) buildTime() {
	n.min = timeSize
	n.enc, n.dec = encTime, decTime
}

func encTime(e *Encoder, p unsafe.Pointer) error {
	t := (*time.Time)(p)
	offset := utcOffset
	if t.Location() != time.UTC {
		_, offset = t.Zone()
	}
	b := binary.LittleEndian.AppendUint64(e.Buf, uint64(t.Unix()))
	b = binary.LittleEndian.AppendUint32(b, uint32(t.Nanosecond()))
	e.Buf = binary.LittleEndian.AppendUint32(b, uint32(int32(offset)))
	return nil
}

func decTime(d *Decoder, p unsafe.Pointer) error {
	b := d.Buf
	if len(b) < timeSize {
		return errTruncated
	}
	sec := int64(binary.LittleEndian.Uint64(b))
	nsec := binary.LittleEndian.Uint32(b[8:])
	offset := int(int32(binary.LittleEndian.Uint32(b[12:])))
	if nsec >= 1e9 {
		return errTime
	}
	d.Buf = b[timeSize:]
	t := time.Unix(sec, int64(nsec))
	if offset == utcOffset {
		t = t.UTC()
	} else if _, local := t.Zone(); local != offset {
		t = t.In(time.FixedZone("", offset))
	}
	*(*time.Time)(p) = t
	return nil
}
