package multiprocessing

import "github.com/conexgo/conex/multiprocessing/connection"

// Sentinel returns what connection.Wait takes to wait for the end of the process
// beside connections: it becomes ready then and stays so. A program that waits
// for processes alone uses [Process.Done]. The errors are those of
// [Process.Terminate] for a process that cannot be waited for.
func (p *Process) Sentinel() (connection.Waitable, error) {
	if _, err := p.running(); err != nil {
		return nil, err
	}
	return connection.Sentinel(p.done), nil
}
