package handle

import (
	"os"

	"github.com/conexgo/conex/internal/codec"
	"github.com/conexgo/conex/internal/shm"
)

// AppendFile writes another descriptor of f's to e: for ReadFile. The caller
// keeps its own.
func AppendFile(e *codec.Encoder, f *os.File) error {
	dup, err := shm.Dup(f)
	if err != nil {
		return err
	}
	e.Handles = append(e.Handles, shm.NewFile(dup))
	e.Uvarint(uint64(len(e.Handles) - 1))
	return nil
}

// ReadFile reads what AppendFile wrote. The caller owns the file.
func ReadFile(d *codec.Decoder) (*os.File, error) {
	sh, err := next(d)
	if err != nil {
		return nil, err
	}
	return sh.Dup()
}
