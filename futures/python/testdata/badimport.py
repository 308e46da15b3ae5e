"""Imports what is not there."""

import no_such_module_anywhere


def never(x):
    return no_such_module_anywhere, x
