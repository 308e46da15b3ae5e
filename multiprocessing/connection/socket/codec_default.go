package socket

import "github.com/conexgo/conex/pickle"

var defaultCodec Codec = new(pickle.Config)
