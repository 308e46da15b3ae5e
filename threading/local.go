package threading

type locals struct{}

func (t *Thread) dropLocals() {}
