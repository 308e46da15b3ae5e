package main

import (
	"bytes"
	"fmt"

	"github.com/conexgo/conex/bench/internal/meter"
	ogorek "github.com/kisielk/og-rek"
)

// og-rek is the library for pickles that Go programs use. It reads a request to a manager and writes an answer.

func pickledRequest() (data []byte, answer any) {
	return []byte("\x80\x04\x95\x1f\x00\x00\x00\x00\x00\x00\x00(\x8c\x0c7f022fd046d0\x94\x8c\x03put\x94K\x01\x85\x94}\x94t\x94."),
		ogorek.Tuple{"#RETURN", ogorek.None{}}
}

func pickledBlock() (data []byte, answer any) {
	block := make([]byte, 64<<10)
	for i := range block {
		block[i] = byte(i)
	}
	b := append([]byte("\x80\x04\x8c\x07#RETURN\x94B\x00\x00\x01\x00"), block...)
	return append(b, "\x94\x86\x94."...), ogorek.Tuple{"#RETURN", ogorek.Bytes(block)}
}

func pickleOgorek(message func() ([]byte, any)) meter.Party {
	data, answer := message()
	return func(s meter.Spec) (meter.Figure, error) {
		return meter.Bulk(s.N, meter.Count, func(n int) (int, error) {
			for range n {
				d := ogorek.NewDecoderWithConfig(bytes.NewReader(data), &ogorek.DecoderConfig{StrictUnicode: true})
				v, err := d.Decode()
				if err != nil {
					return 0, err
				}
				if t, ok := v.(ogorek.Tuple); !ok || len(t) < 2 {
					return 0, fmt.Errorf("decoded %T", v)
				}
				var out bytes.Buffer
				e := ogorek.NewEncoderWithConfig(&out, &ogorek.EncoderConfig{Protocol: 4, StrictUnicode: true})
				if err := e.Encode(answer); err != nil {
					return 0, err
				}
			}
			return n, nil
		})
	}
}
