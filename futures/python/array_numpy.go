package python

// An NDArray is an [Array] that Python sees as a numpy.ndarray. It is for
// arguments, and parts of them; results are Arrays. See [NumPy].
type NDArray[T Number] struct {
	*Array[T]
}

// NumPy makes a an argument that Python sees as a numpy.ndarray instead of a
// memoryview. The worker imports numpy for it: without it, the call fails with
// Python's ModuleNotFoundError. It costs nothing here; a is the same Array.
func NumPy[T Number](a *Array[T]) NDArray[T] { return NDArray[T]{a} }

// argument is that of the Array, but for what becomes of it. A nil one has no
// memory.
func (a NDArray[T]) argument() (*memory, string) { return a.Array.memory(), "numpy" }

// String is that of the Array.
func (a NDArray[T]) String() string { return a.Array.String() }
