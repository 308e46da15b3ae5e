package pickle

import (
	"bytes"
	"io"
)

// A Decoder reads pickles from a stream, one after the other. Make it with
// NewDecoder. It is not safe for concurrent use.
type Decoder struct {
	cfg *Config
	r   io.Reader
	buf []byte // what was read and is not decoded yet
	err error
}

// NewDecoder returns a Decoder of the pickles in r.
func NewDecoder(r io.Reader) *Decoder { return zero.NewDecoder(r) }

// Decode reads the next pickle into the variable that v points to, as
// Config.Unmarshal does. It blocks as long as reading does.
//
// If the stream ends between two pickles it returns io.EOF itself; if it ends
// inside one, an error that matches io.ErrUnexpectedEOF. After an error of the
// stream or of a pickle nobody knows where the next one would begin: Decode
// returns the same error from then on. After an error of what v points to, such
// as a type that does not fit, it goes on with the next pickle.
func (dec *Decoder) Decode(v any) error {
	if dec.err != nil {
		return dec.err
	}
	dst, err := target(v)
	if err != nil {
		return err
	}
	d := newDecoder(dec.cfg)
	d.buf, d.r = dec.buf, dec.r
	d.recycler.on = dst.IsValid() && isPure(dst.Type())
	value, err := d.decode()
	dec.buf = d.buf[d.pos:]
	if err != nil {
		dec.err, dec.buf = err, nil
	} else {
		err = dec.cfg.store(value, v, dst, d)
	}
	d.free()
	return err
}

// Buffered returns what was read from the stream and belongs to no pickle that
// was decoded. It is valid until the next Decode.
func (dec *Decoder) Buffered() io.Reader { return bytes.NewReader(dec.buf) }

// An Encoder writes pickles to a stream, one after the other. Each stands for
// itself: what two of them have in common is written twice. Make it with
// NewEncoder. It is not safe for concurrent use.
type Encoder struct {
	cfg *Config
	w   io.Writer
	buf []byte
}

// NewEncoder returns an Encoder that writes pickles to w.
func NewEncoder(w io.Writer) *Encoder { return zero.NewEncoder(w) }

// Encode writes the pickle of v, with one Write. A v that cannot be pickled
// writes nothing.
func (enc *Encoder) Encode(v any) error {
	out, err := enc.cfg.Append(enc.buf[:0], v)
	if err != nil {
		return err
	}
	enc.buf = nil
	if cap(out) <= 64<<10 {
		enc.buf = out
	}
	_, err = enc.w.Write(out)
	return err
}
