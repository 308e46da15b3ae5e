package multiprocessing

// A Context says how processes are started: for libraries that let their users
// choose, and for programs with more than one method. It is plain data, can be
// copied and compared, and is handed over by [WithContext]. The zero Context
// uses the program's method.
//
// In Python a context has all of the module's functions as methods. There is no
// need for that here: queues, locks and shared memory suit processes of every
// method alike.
type Context struct {
	// Method is the start method.
	Method StartMethod
}

// GetContext returns the context with the given method. [DefaultStartMethod]
// asks for the program's, and fixes the default if there is none yet. The error
// matches [ErrStartMethod].
func GetContext(m StartMethod) (Context, error) {
	if m == DefaultStartMethod {
		m = GetStartMethod()
	}
	if err := m.check(); err != nil {
		return Context{}, err
	}
	return Context{Method: m}, nil
}

// prefix is what the names of processes of this context begin with.
func (c Context) prefix() string {
	switch c.Method {
	case Spawn:
		return "SpawnProcess"
	case ForkServer:
		return "ForkServerProcess"
	}
	return "Process"
}
