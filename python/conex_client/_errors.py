"""What can go wrong, beside what Go functions raise on purpose."""

from typing import Sequence, Tuple


class GoError(RuntimeError):
    """An error that a Go function returned, or the server had on its behalf.

    message  the text of the error in Go; str() of the exception
    type     the error's type in Go, such as "*fs.PathError"; "" if unknown
    function the name of the function that was called

    A Go function may also return an exception of Python's, as in
    ``pickle.ValueError.New("no such colour")``. That is raised as it is, and is
    no GoError.
    """

    def __init__(self, message: str, type: str = "", function: str = "") -> None:
        super().__init__(message, type, function)
        self.message = message
        self.type = type
        self.function = function

    def __str__(self) -> str:
        return self.message


class GoPanic(GoError):
    """The Go function panicked. Its server goes on."""


class FunctionNotFound(LookupError):
    """The server has no function of this name.

    name       what was asked for
    functions  the names of all that there are
    """

    def __init__(self, name: str, functions: Sequence[str] = ()) -> None:
        super().__init__(name, tuple(functions))
        self.name = name
        self.functions: Tuple[str, ...] = tuple(functions)

    def __str__(self) -> str:
        if not self.functions:
            return "no function %r: the server has none registered at all" % self.name
        import difflib

        near = difflib.get_close_matches(self.name, self.functions, 1)
        text = "no function %r: " % self.name
        if near:
            text += "did you mean %r? " % near[0]
        shown = ", ".join(self.functions[:20])
        if len(self.functions) > 20:
            shown += " and %d more" % (len(self.functions) - 20)
        return text + "The server has " + shown


class ConnectionClosed(ConnectionError):
    """The connection ended before the answer came.

    Either the server is gone, or close() was called here. Whether a function
    that was being called has run is unknown; it is never called twice.
    """


class ProtocolError(ConnectionError):
    """What listens at the address is not a manager with Go functions, or is one
    of a version that this package does not know."""
