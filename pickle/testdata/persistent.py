"""Reads pickles with persistent ids, as hexadecimal lines, and writes its own.

Usage: persistent.py < lines: "protocol hex" of a pickle made by Go. What is read
must be the value of expected(); the answer is the same value, pickled here.
"""

import io
import pickle
import sys


class Row:
    """A row of a table outside of the pickle."""

    def __init__(self, *id):
        self.id = id


ROWS = {("row", 1, "a"): Row("row", 1, "a"), ("row", 2, "b"): Row("row", 2, "b"), "7": Row("7")}


class Pickler(pickle.Pickler):
    def persistent_id(self, obj):
        if isinstance(obj, Row):
            return obj.id if len(obj.id) > 1 else obj.id[0]
        return None


class PyPickler(pickle._Pickler):
    persistent_id = Pickler.persistent_id


class Unpickler(pickle.Unpickler):
    def persistent_load(self, id):
        return ROWS[id]


class PyUnpickler(pickle._Unpickler):
    persistent_load = Unpickler.persistent_load


def expected(protocol):
    one, two = ROWS["row", 1, "a"], ROWS["row", 2, "b"]
    if protocol == 0:
        one = two = ROWS["7"]
    return [one, {"two": two, "none": None}, (one, "row"), one]


for line in sys.stdin:
    protocol, data = line.split()
    protocol, data = int(protocol), bytes.fromhex(data)
    for unpickler in Unpickler, PyUnpickler:
        got = unpickler(io.BytesIO(data)).load()
        assert got == expected(protocol), (protocol, got)
    try:
        pickle.loads(data)
    except pickle.UnpicklingError:
        pass
    else:
        raise AssertionError("read without persistent_load")
    for pickler in Pickler, PyPickler:
        out = io.BytesIO()
        pickler(out, protocol).dump(expected(protocol))
        print(out.getvalue().hex())
