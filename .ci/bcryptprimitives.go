// Command bcryptprimitives writes bcryptprimitives.dll for wine before 8.5, which
// has none: a library of one function, ProcessPrng, that Go programs get their
// randomness from. It has no code; its one entry says that the function is
// SystemFunction036 of advapi32.dll, whose first arguments and result are the same.
//
//	go run .ci/bcryptprimitives.go FILE
package main

import (
	"bytes"
	"encoding/binary"
	"log"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: bcryptprimitives FILE")
	}
	if err := os.WriteFile(os.Args[1], library(), 0o644); err != nil {
		log.Fatal(err)
	}
}

// Where the one section is in memory and in the file.
const (
	rva  = 0x1000
	head = 0x200
)

// library is the file.
func library() []byte {
	section := exports()
	var b bytes.Buffer
	put := func(fields ...any) {
		for _, f := range fields {
			if s, ok := f.(string); ok {
				b.WriteString(s)
			} else {
				binary.Write(&b, binary.LittleEndian, f)
			}
		}
	}
	put("MZ", make([]byte, 58), uint32(64)) // where the next header is
	put("PE\x00\x00", uint16(0x8664), uint16(1), make([]byte, 12), uint16(240), uint16(0x2022))
	put(uint16(0x20b), uint16(0), uint32(0), uint32(head), uint32(0), uint32(0), uint32(rva)) // no code, no entry
	put(uint64(0x180000000), uint32(0x1000), uint32(head))                                    // base, alignments
	put(uint16(6), uint16(0), uint32(0), uint16(6), uint16(0), uint32(0))                     // versions
	put(uint32(2*rva), uint32(head), uint32(0), uint16(3), uint16(0x100))                     // sizes, console, NX
	put(make([]byte, 4*8), uint32(0), uint32(16), uint32(rva), uint32(len(section)), make([]byte, 15*8))
	put(".edata\x00\x00", uint32(len(section)), uint32(rva), uint32(head), uint32(head), make([]byte, 12), uint32(0x40000040))
	b.Write(make([]byte, head-b.Len()))
	b.Write(section)
	b.Write(make([]byte, 2*head-b.Len()))
	return b.Bytes()
}

// exports is the section: a directory, three lists of one entry each, and texts.
func exports() []byte {
	const (
		lists   = rva + 40
		library = lists + 4 + 4 + 4 // the last one has two bytes, and two for nothing
		name    = library + uint32(len("bcryptprimitives.dll\x00"))
		forward = name + uint32(len("ProcessPrng\x00"))
	)
	var b bytes.Buffer
	for _, field := range []uint32{0, 0, 0, library, 1, 1, 1, lists, lists + 4, lists + 8, forward, name, 0} {
		binary.Write(&b, binary.LittleEndian, field)
	}
	b.WriteString("bcryptprimitives.dll\x00ProcessPrng\x00advapi32.SystemFunction036\x00")
	return b.Bytes()
}
