package python

// An ExceptionType is a class of exceptions by its name, to compare with:
//
//	if errors.Is(err, python.ExceptionType("shop.OutOfStock")) {
//
// That holds for an [*Error] of this class and of classes derived from it. The name
// is the one that tracebacks show: the module that defines the class, a dot, and
// its qualified name; a name without a dot is one of builtins. For Python's own
// classes package pickle has variables, which the compiler checks.
type ExceptionType string

// Error returns the name. It is there so that errors.Is takes it.
func (t ExceptionType) Error() string { return string(t) }
