package sharedctypes

type (
	long  = int32
	ulong = uint32
	wchar = uint16
)
