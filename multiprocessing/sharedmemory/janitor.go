package sharedmemory

type janitor struct{}

func (*janitor) forget(*mapping) {}
