package conex

// A Codec turns the arguments and results of a function into bytes and back.
// The default keeps Go types exactly and needs no Codec; give one with
// [WithCodec] when the bytes must have another format, or to carry a type the
// default refuses.
//
// A Codec must be stateless: the bytes of one value may be decoded by any
// worker, more than once, in any order. It is used from many goroutines at
// once.
type Codec interface {
	// Append appends the encoding of v to dst and returns the result. It
	// must keep what dst holds.
	Append(dst []byte, v any) ([]byte, error)
	// Decode fills what v points to from src, which it must not keep.
	Decode(src []byte, v any) error
}
