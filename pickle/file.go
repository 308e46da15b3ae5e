package pickle

import "io"

// Dump writes the pickle of v to w, as Python's pickle.dump does: see
// Config.Append.
func Dump(w io.Writer, v any) error { return NewEncoder(w).Encode(v) }

// Load reads a pickle from r into a T: see Config.Unmarshal. It may read from r
// beyond the pickle; for several pickles in a row use a Decoder.
func Load[T any](r io.Reader) (T, error) {
	var v T
	err := NewDecoder(r).Decode(&v)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return v, err
}
