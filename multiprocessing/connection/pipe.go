package connection

// Pipe returns the two ends of a new pipe; what is sent at one is received at
// the other. On systems where processes cannot share memory the error matches
// errors.ErrUnsupported.
func Pipe() (a, b *Connection, err error) {
	x, y, err := newPipe(2)
	if err != nil {
		return nil, nil, err
	}
	return &Connection{t: x}, &Connection{t: y}, nil
}

// OneWayPipe returns the two ends of a pipe whose first end only receives and
// whose second end only sends. It takes half of the memory.
func OneWayPipe() (recv, send *Connection, err error) {
	x, y, err := newPipe(1)
	if err != nil {
		return nil, nil, err
	}
	return &Connection{t: x}, &Connection{t: y}, nil
}
