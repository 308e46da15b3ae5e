"""One side of the differential test: makes random values, and compares.

    differential.py write SEED N large   pickles of N values, in all protocols, to stdout
    differential.py check SEED N large   reads what became of them, and compares

"large" adds some large ones. Both make the same values from the seed. On the wire
each pickle has its length in front, as 8 bytes, the least first.
"""
import collections, datetime, decimal, enum, fractions, functools, os, pathlib, pickle
import queue, random, struct, sys, threading, uuid
import multiprocessing, multiprocessing.managers, concurrent.futures

sys.modules['differential'] = sys.modules['__main__']
__name__ = 'differential'
sys.setrecursionlimit(5000)


class Plain:
    pass


class Slotted:
    __slots__ = ('a', 'b')


class Both(Slotted):
    pass


class Outer:
    class Inner(Plain):
        class Innermost(Plain):
            pass


class Keyword(Plain):
    def __new__(cls, *, k):
        self = super().__new__(cls)
        self.k = k
        return self

    def __getnewargs_ex__(self):
        return (), {'k': self.k}


class TupleState(Plain):
    def __getstate__(self):
        return tuple(self.__dict__.items()), 'state'

    def __setstate__(self, state):
        self.__dict__.update(state[0])


class NoneState(Plain):
    def __reduce__(self):
        return NoneState, ()


class Recursive(Plain):
    """An instance whose arguments lead to itself."""
    def __init__(self, l):
        self.l = l

    def __reduce__(self):
        return Recursive, (self.l,)


def set_state(obj, state):
    obj.__dict__.update(state)


class Setter(Plain):
    def __reduce__(self):
        return Setter, (), self.__dict__, None, None, set_state


class MyList(list):
    pass


class MyDict(dict):
    pass


class MySet(set):
    pass


class MyInt(int):
    pass


class MyStr(str):
    pass


class MyTuple(tuple):
    pass


class MyError(ValueError):
    pass


class Point(collections.namedtuple('Point', 'x y')):
    __slots__ = ()


Point2 = collections.namedtuple('Point2', 'x y')


class Color(enum.Enum):
    RED = 1
    GREEN = 'green'


class Level(enum.IntEnum):
    LOW = 1


def function():
    pass


class Maker:
    def __init__(self, seed):
        self.r = random.Random(seed)
        self.pool = []

    def text(self):
        r = self.r
        alphabets = ['abc', 'abc\\\n\r\0\x1a\'"', '\x80\xe9\xff', '\u20ac\u0416', '\U0001f600\U0010ffff',
                     '\ud800\udfff', 'u0041\\u']
        a = ''.join(r.sample(alphabets, r.randint(1, 3)))
        n = r.choice([0, 1, 2, 5, 15, 16, 17, 40, 255, 256, 300])
        return ''.join(r.choice(a) for _ in range(n))

    def blob(self):
        r = self.r
        n = r.choice([0, 1, 2, 15, 16, 100, 255, 256, 1000])
        return bytes(r.randrange(256) for _ in range(n))

    def integer(self):
        r = self.r
        bits = r.choice([1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 62, 63, 64, 65, 127, 128, 500, 2031, 2032, 2040, 2048])
        return r.choice([-1, 1]) * (r.getrandbits(bits) | 1 << bits - 1) + r.choice([0, 0, -1, 1])

    def number(self):
        r = self.r
        return r.choice([self.integer, self.integer, lambda: r.random() * 10 ** r.randint(-300, 300),
                         lambda: r.choice([0.0, -0.0, 1.0, float('inf'), -float('inf'), float('nan'), 5e-324, 1e16, 0.1]),
                         lambda: complex(r.random(), r.choice([0.0, -0.0, 2.5]))])()

    def offset(self):
        return datetime.timezone(datetime.timedelta(minutes=self.r.randint(-1000, 1000)),
                                 *self.r.choice([(), ('name',)]))

    def library(self):
        r = self.r
        zone = r.choice([None, datetime.timezone.utc, self.offset()])
        return r.choice([
            lambda: datetime.date(r.randint(1, 9999), r.randint(1, 12), r.randint(1, 28)),
            lambda: datetime.time(r.randint(0, 23), 5, 6, r.randint(0, 999999), zone, fold=r.randint(0, 1)),
            lambda: datetime.datetime(r.randint(1, 9999), r.randint(1, 12), 3, 4, 5, 6, r.randint(0, 999999), zone, fold=r.randint(0, 1)),
            lambda: datetime.timedelta(r.randint(-999999999, 999999999), r.randint(0, 86399), r.randint(0, 999999)),
            lambda: self.offset(),
            lambda: decimal.Decimal(r.choice(['1.5', '-0', 'NaN', 'sNaN7', 'Infinity', '1E+400', '-123.456000'])),
            lambda: uuid.UUID(int=r.choice([0, 1, 2 ** 63, 2 ** 64, r.getrandbits(128)])),
            lambda: fractions.Fraction(r.randint(-9, 9), 7),
            lambda: range(r.randint(-5, 5), 2 ** r.randint(3, 80), r.choice([1, -1, 7])),
            lambda: slice(r.choice([None, 1, 2 ** 70]), r.choice([None, -1]), r.choice([None, 2])),
            lambda: slice('a', ('b',)),
            lambda: pathlib.PurePosixPath('/a/b'),
            lambda: r.choice(list(Color)), lambda: Level.LOW,
            lambda: Ellipsis, lambda: NotImplemented, lambda: type(None), lambda: type(...),
            lambda: r.choice([len, int, list, Plain, function, Outer.Inner, Outer.Inner.Innermost, KeyError,
                              queue.Empty, collections.OrderedDict.fromkeys, dict.fromkeys]),
            lambda: multiprocessing.managers.Token('list', ('127.0.0.1', 5), '7f00'),
        ])()

    def scalar(self):
        r = self.r
        return r.choice([lambda: None, lambda: True, lambda: False, self.number, self.number, self.text, self.text,
                         self.blob, self.library])()

    def hashable(self, depth):
        r = self.r
        if depth <= 0 or r.random() < 0.6:
            while True:
                v = self.scalar()
                try:
                    hash(v)
                except TypeError:
                    continue
                if v == v and type(v) is not slice:     # hashable from 3.12 on only
                    return v
        n = r.choice([0, 1, 2, 3, 4])
        items = [self.hashable(depth - 1) for _ in range(n)]
        return r.choice([tuple, frozenset, lambda l: Point(l, 1) if False else tuple(l)])(items)

    def exception(self, depth):
        r = self.r
        args = [self.value(depth - 1) for _ in range(r.choice([0, 1, 1, 2]))]
        e = r.choice([
            lambda: r.choice([KeyError, ValueError, IndexError, RuntimeError, TypeError, StopIteration, MyError,
                              queue.Empty, queue.Full, threading.BrokenBarrierError, AssertionError,
                              multiprocessing.TimeoutError, multiprocessing.AuthenticationError,
                              multiprocessing.managers.RemoteError, concurrent.futures.CancelledError])(*args),
            lambda: OSError(2, 'No such file', 'f'), lambda: ConnectionResetError(104, 'reset'),
            lambda: UnicodeDecodeError('utf-8', b'\xff', 0, 1, 'invalid'),
            lambda: BlockingIOError(11, 'again'), lambda: ImportError('m', name='m'),
        ])()
        if r.random() < 0.3:
            e.extra = self.value(depth - 1)
        return e

    def instance(self, depth):
        r = self.r
        sub = lambda: self.value(depth - 1)
        def filled(o):
            for name in r.sample(['a', 'b', 'c', 'name', 'value'], r.randint(0, 3)):
                setattr(o, name, sub())
            return o
        def slotted(c):
            o = c()
            if r.random() < 0.8:
                o.a = sub()
            if c is Both:
                o.c = sub()
            return o
        def recursive():
            l = []
            o = Recursive(l)
            l.append(o)
            return o
        kinds = [
            lambda: filled(Plain()), lambda: filled(Outer.Inner()), lambda: filled(Outer.Inner.Innermost()),
            lambda: filled(Keyword(k=sub())), lambda: filled(TupleState()), lambda: NoneState(),
            lambda: filled(Setter()), recursive,
            lambda: slotted(Slotted), lambda: slotted(Both),
            lambda: MyList([sub(), sub()]), lambda: filled(MyList([sub()])),
            lambda: filled(MyDict({self.hashable(1): sub()})), lambda: MySet({1, 'x'}),
            lambda: MyInt(self.integer()), lambda: MyStr('mine'), lambda: MyTuple((sub(), 2)),
            lambda: Point(sub(), sub()), lambda: Point2(sub(), 2),
            lambda: collections.OrderedDict((self.hashable(1), sub()) for _ in range(r.randint(0, 3))),
            lambda: collections.deque([sub() for _ in range(r.randint(0, 3))], r.choice([None, 7])),
            lambda: collections.defaultdict(r.choice([list, None, int]), {self.hashable(1): sub()}),
            lambda: collections.Counter('abca'),
            lambda: functools.partial(function, sub(), k=sub()),
            lambda: iter([1, sub()]),
            lambda: {1: sub()}.keys() if False else Plain(),
        ]
        return r.choice(kinds)()

    def value(self, depth):
        r = self.r
        if self.pool and r.random() < 0.12:
            return r.choice(self.pool)
        if depth <= 0 or r.random() < 0.3:
            return self.scalar()
        kind = r.randrange(12)
        n = r.choice([0, 1, 2, 3, 4, 6])
        if kind < 3:
            v = []
            self.pool.append(v)
            v.extend(self.value(depth - 1) for _ in range(n))
            if r.random() < 0.1:
                v.append(v)
        elif kind < 5:
            v = tuple(self.value(depth - 1) for _ in range(n))
            if r.random() < 0.2:
                l = []
                v += (l,)
                l.append(v)
        elif kind < 8:
            v = {}
            self.pool.append(v)
            for _ in range(n):
                v[self.hashable(2)] = self.value(depth - 1)
        elif kind == 8:
            v = {self.hashable(2) for _ in range(n)}
            if r.random() < 0.3:
                v = frozenset(v)
        elif kind == 9:
            v = bytearray(self.blob())
        elif kind == 10:
            v = self.exception(depth)
        else:
            v = self.instance(depth)
        self.pool.append(v)
        return v

    def values(self, n, large):
        for i in range(n):
            self.pool.clear()
            yield self.value(self.r.randint(0, 5))
        if not large:
            return
        shared = ['shared', 'x' * 300]
        yield [shared] * 1500
        yield list(range(2001))
        yield {i: str(i) for i in range(1001)}
        yield set(range(2000))
        yield 'x' * 70000
        yield [b'x' * 70000, b'y' * 65536, bytearray(b'z' * 80000), '\u20ac' * 30000, 1]
        yield [('t%d' % i, i) for i in range(6500)]
        d = {}
        d[1] = [d]
        yield d


def shape(v, ids, keep):
    """v without regard to which process made it; what is shared has a number."""
    t = type(v)
    if t in (bool, int, str, bytes, type(None)):
        return t.__name__, v
    if t in (float, complex, range, slice, decimal.Decimal) or isinstance(v, (type, enum.Enum)):
        return t.__name__, repr(v)
    if t in (tuple, frozenset) and not v:
        return t.__name__
    if t.__module__ in ('datetime', 'uuid', 'fractions', 'pathlib', 'pathlib._local') or callable(v) and hasattr(v, '__name__'):
        return t.__name__, repr(v), getattr(v, 'fold', None)
    if v is Ellipsis or v is NotImplemented:
        return t.__name__
    if id(v) in ids:
        return 'again', ids[id(v)]
    ids[id(v)] = len(ids)
    keep.append(v)
    sub = lambda x: shape(x, ids, keep)
    out = [t.__module__, t.__qualname__]
    if isinstance(v, (set, frozenset)):
        out.append(sorted((shape(x, {}, keep) for x in v), key=repr))
    elif isinstance(v, dict):
        out.append([(sub(k), sub(x)) for k, x in v.items()])
        out.append(repr(getattr(v, 'default_factory', None)))
    elif isinstance(v, (list, tuple, collections.deque)):
        out.append([sub(x) for x in v])
        out.append(getattr(v, 'maxlen', None))
    elif isinstance(v, bytearray):
        out.append(bytes(v))
    elif isinstance(v, BaseException):
        out.append([sub(x) for x in v.args])
    elif isinstance(v, (int, str)):
        out.append(v.__class__.__mro__[1](v))
    elif isinstance(v, functools.partial):
        out.append([v.func, sub(v.args), sub(v.keywords)])
    elif t.__name__ == 'list_iterator':
        out.append([sub(x) for x in v.__reduce__()[1]])
    for slot in getattr(t, '__slots__', ()) if t is Slotted else Slotted.__slots__ if t is Both else ():
        if hasattr(v, slot):
            out.append((slot, sub(getattr(v, slot))))
    if hasattr(v, '__dict__'):
        out.append([(k, sub(x)) for k, x in v.__dict__.items()])
    return out


def read(n):
    data = sys.stdin.buffer.read(n)
    assert len(data) == n, 'the other side has stopped'
    return data


def dump(v, protocol, i, n):
    """Both implementations' pickles of value i; large ones are written once."""
    for dumps in (pickle.dumps, pickle._dumps) if i < n else (pickle.dumps,):
        try:
            yield dumps(v, protocol)
        except TypeError:               # __slots__ need protocol 2
            yield dumps(v, 2)


def main(what, seed, n, large):
    bad = 0
    for i, v in enumerate(Maker(seed).values(n, large)):
        for protocol in range(6):
            for data in dump(v, protocol, i, n):
                if what == 'write':
                    sys.stdout.buffer.write(struct.pack('<Q', len(data)) + data)
                    continue
                # Not v: what has a fold of its own loses it before protocol 4.
                want = repr(shape(pickle.loads(data), {}, []))
                for how in range(6):
                    answer = read(struct.unpack('<Q', read(8))[0])
                    for loads in (pickle.loads, pickle._loads) if i % 8 == 0 else (pickle.loads,):
                        try:
                            got = repr(shape(loads(answer), {}, []))
                        except Exception as e:
                            got = repr(e)
                        # CPython itself loses the fold of a datetime before protocol 4.
                        if got != want and got != repr(shape(pickle.loads(
                                next(dump(pickle.loads(data), how, 0, 0))), {}, [])):
                            bad += 1
                            at = len(os.path.commonprefix([want, got]))
                            want, got = want[max(0, at - 200):], got[max(0, at - 200):]
                            if bad < 5:
                                print('value %d, protocol %d, written as %d:\n want %.500s\n  got %.500s\n was %.300a\n is %.300a'
                                      % (i, protocol, how, want, got, data, answer))
    if bad:
        sys.exit('%d differences' % bad)


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == 'large')
