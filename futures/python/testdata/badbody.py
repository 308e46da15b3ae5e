"""Fails when it is imported."""

VALUE = 1


def fail():
    raise KeyError("while importing")


fail()
