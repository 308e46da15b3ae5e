// Package threading is Python's threading module for Go.
package threading
