# Runs programs on Python's containers: one pickled program per line of
# standard input, in hexadecimal, and one pickled outcome back. See
# containers_python_test.go.
import array, binascii, pickle, sys
from multiprocessing.managers import Namespace, Value, Array

MAKE = {'list': list, 'dict': dict, 'set': set, 'Namespace': Namespace,
        'Value': Value, 'Array': Array}
KEEPS = {'sort', 'update', '__ior__', '__init__', 'difference_update', 'intersection_update'}

def plain(v):
    # What arrives in a client as an iterator or a view, as a list.
    if type(v).__name__ in ('dict_keys', 'dict_values', 'dict_items', 'list_reverseiterator',
                            'reversed', 'list_iterator', 'dict_reversekeyiterator'):
        return list(v)
    if type(v) is array.array:
        return ('array', v.typecode, v.tobytes())
    if isinstance(v, (Namespace, Value)):
        return (type(v).__name__, v.__dict__)
    return v

def attempt(f, *args, **kwds):
    try:
        v = f(*args, **kwds)
        if v is getattr(f, '__self__', None):
            v = v.copy()
        return ('ok', plain(v))
    except Exception as e:
        return ('error', type(e).__name__, repr(e.args))

def run(program):
    kind, args, kwds, ops = program
    try:
        self = MAKE[kind](*args, **kwds)
    except Exception as e:
        return [('error', type(e).__name__, repr(e.args))]
    out = []
    for method, args, kwds in ops:
        before = self.copy() if method in KEEPS and hasattr(self, 'copy') else None
        out.append(attempt(getattr(self, method), *args, **kwds))
        if before is not None and out[-1][0] == 'error':
            # Python leaves some of it done. The server does not.
            self.clear()
            (self.extend if kind == 'list' else self.update)(before)
        if kind != 'set':
            out.append(repr(self))
    out.append(plain(self))
    return out

for line in sys.stdin.buffer:
    program = pickle.loads(binascii.unhexlify(line.strip()))
    sys.stdout.buffer.write(binascii.hexlify(pickle.dumps(run(program), 4)) + b'\n')
    sys.stdout.buffer.flush()
