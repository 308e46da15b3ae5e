package pickle

// batch is how many items CPython puts between a mark and its APPENDS, SETITEMS
// or ADDITEMS (_BATCHSIZE in its pickle.py): so many a reader has on its stack at
// once, however long the list is.
const batch = 1000

// A batches writes what is around the items that a list or dict is filled with.
// One item alone has an opcode of its own; more have a mark before the first,
// and an opcode for all after the last. Protocol 0 knows one at a time only.
//
// It counts down to the end of a batch, so that an item costs two comparisons.
type batches struct {
	left   int // items in the batches to come
	inside int // items left in this one
	size   int // of this one
}

// before is called before each item.
func (b *batches) before(e *encoder) {
	if b.inside == 0 {
		b.begin(e)
	}
}

func (b *batches) begin(e *encoder) {
	b.size = min(b.left, batch)
	if e.proto == 0 {
		b.size = 1
	}
	b.left -= b.size
	b.inside = b.size
	if b.size > 1 {
		e.buf = append(e.buf, opMark)
	}
}

// after is called after each item, with the opcodes for one and for many.
func (b *batches) after(e *encoder, one, many byte) {
	if b.inside--; b.inside == 0 {
		if b.size > 1 {
			one = many
		}
		e.buf = append(e.buf, one)
	}
}
