"""Values of all types, with what CPython says of them.

values.py ask SEED N PROTOCOL   writes a pickle of (values, pairs) to stdout:
    values: list of (pickle of v, repr, str, class name in messages)
    pairs:  list of (i, j, i == j, same key, order or error text)
values.py check SEED N PROTOCOL  reads a pickle of a list of pickles from stdin,
    which must be the values again.
"""
import datetime, decimal, math, pickle, random, sys, uuid

mode, seed, count, protocol = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
rnd = random.Random(seed)
D = decimal.Decimal
td = datetime.timedelta

INTS = [0, 1, -1, 2, 255, 256, 65535, 65536, 2**31 - 1, 2**31, -2**31, 2**53, 2**53 + 1, 2**61 - 1, 2**61,
        2**62, 2**63 - 1, 2**63, -2**63, -2**63 - 1, 2**64, 2**70, 10**20, -10**30, 2**1023, 10**308]
FLOATS = [0.0, -0.0, 1.0, -1.0, 0.5, 0.1, 1e15, 1e16, 1e17, 123456789012345680.0, 1e22, 1e23, 1e-4, 1e-5, 0.00012345,
          5e-324, 1.7976931348623157e308, math.inf, -math.inf, math.nan, 2.0**53, 2.0**61, 2.0**63, -2.0**63,
          2.0**64, 2.0**70, 9007199254740993.0, 1e100, 3.14, 1/3]
STRS = ['', 'a', 'b', 'ab', "it's", '"', "it's \"so\"", '\\', '\n\r\t\0\x1b\x7f', 'h\xe5r', '\x80\x9f\xa0\xad', '\u0300',
        '\u200b\u2028\u3000', '\ud800', 'x\udfffy', '\uffff', '\ue000', '\U0001f600', '\U0010ffff', '\U000e0001', '\u4e2d',
        'None', '1', '\ufdd0', '\u0378']
DECIMALS = ['0', '-0', '1', '1.0', '1.00', '-1.5', '0.1', '0.5', '1E+2', '1E+20', '1E-7', '0.000001', '0.0000001', '0E+3',
            '0.00', '-0E-10', '123456789.987654321', '1E+999', '1E-999', '9' * 40, 'Infinity', '-Infinity', 'NaN',
            'NaN123', '-NaN', '9223372036854775808', '1180591620717411303424', '1.5E+300']
ZONES = [None, None, datetime.timezone.utc, datetime.timezone(td(hours=1)), datetime.timezone(td(hours=-5, minutes=-30)),
         datetime.timezone(td(seconds=3600), 'CET'), datetime.timezone(td(0), 'Z'),
         datetime.timezone(td(hours=23, minutes=59, seconds=59)), datetime.timezone(-td(seconds=1))]


def number():
    r = rnd.random()
    if r < .35:
        return rnd.choice(INTS) + rnd.choice([0, 0, 1, -1])
    if r < .6:
        return rnd.choice(FLOATS)
    if r < .65:
        return rnd.choice([True, False])
    if r < .75:
        return rnd.uniform(-1, 1) * 10.0 ** rnd.randint(-20, 25)
    if r < .8:
        return float(rnd.choice(INTS[:-2]))
    if r < .85:
        return complex(rnd.choice(FLOATS), rnd.choice(FLOATS))
    if r < .9:
        return D(rnd.choice(INTS))
    if r < .95:
        return D(rnd.choice([f for f in FLOATS if f == f]))
    return D(rnd.choice(DECIMALS))


def date():
    return datetime.date(rnd.choice([1, 1999, 2024, 2024, 9999]), rnd.randint(1, 12), rnd.randint(1, 28))


def time():
    us = rnd.choice([0, 0, 1, 999999])
    return datetime.time(rnd.choice([0, 1, 23]), rnd.choice([0, 30]), rnd.choice([0, 59]), us, rnd.choice(ZONES),
                         fold=rnd.choice([0, 0, 1]) if protocol > 3 else 0)


def instant():
    return datetime.datetime.combine(date(), time())


def delta():
    return rnd.choice([td(0), td(1), td(-1), td(0, 1), td(microseconds=-1), td.max, td.min, td(days=1, microseconds=1),
                       td(rnd.randint(-9, 9), rnd.randint(-9, 9), rnd.randint(-9, 9))])


def library():
    return rnd.choice([date, instant, instant, time, delta, lambda: rnd.choice(ZONES),
                       lambda: uuid.UUID(int=rnd.choice([0, 1, 2**64, 2**128 - 1]))])()


def string():
    return rnd.choice(STRS) + rnd.choice(['', '', rnd.choice(STRS)])


def raw():
    return bytes(rnd.choice([0, 9, 10, 13, 34, 39, 92, 65, 127, 128, 255]) for _ in range(rnd.randint(0, 4)))


def hashable(depth):
    r = rnd.random()
    if depth <= 0 or r < .7:
        return rnd.choice([number, number, string, string, raw, library, lambda: None])()
    if r < .95:
        return tuple(hashable(depth - 1) for _ in range(rnd.randint(0, 3)))
    return frozenset([hashable(depth - 2)])


def value(depth):
    r = rnd.random()
    if depth <= 0 or r < .5:
        return hashable(depth)
    if r < .6:
        return [value(depth - 1) for _ in range(rnd.randint(0, 3))]
    if r < .7:
        return tuple(value(depth - 1) for _ in range(rnd.randint(0, 3)))
    if r < .8:
        return {hashable(1): value(depth - 1) for _ in range(rnd.randint(0, 3))}
    if r < .83:
        return {hashable(1)} if rnd.random() < .8 else set()
    if r < .86:
        return frozenset([hashable(1)]) if rnd.random() < .8 else frozenset()
    if r < .9:
        return bytearray(raw())
    if r < .93:
        return range(rnd.randint(-2, 2), rnd.randint(-3, 3), rnd.choice([1, 1, 2, -1]))
    if r < .95:
        return slice(rnd.choice([None, 1]), rnd.choice([None, -1]), rnd.choice([None, 2]))
    if r < .96:
        return rnd.choice([..., NotImplemented])
    e = rnd.choice([KeyError, ValueError, OSError, RuntimeError])
    return e(*[value(0) for _ in range(rnd.randint(0, 2 if e is not OSError else 1))])


def main():
    values = [value(3) for _ in range(count)]
    l, d = [1], {}
    l.append(l)
    d['d'] = (d, l)
    values += [l, d, FileNotFoundError(2, 'No such file', 'f'), OSError(5, 'io'), number, int] if seed == 0 else []
    if mode == 'check':
        check(values[:count])
        return
    values = values[:count] + (values[count:count + 4] if seed == 0 else [])
    out = []
    for v in values:
        name = 'NoneType' if v is None else type(v).__name__
        module = type(v).__module__
        if module in ('datetime', 'decimal'):
            name = module + '.' + name
        out.append((pickle.dumps(v, protocol), repr(v), str(v), name))
    pairs = []
    for _ in range(4 * count):
        i, j = rnd.randrange(count), rnd.randrange(count)
        # Half of them are of one kind.
        if rnd.random() < .5:
            same = [k for k in range(count) if type(values[k]) is type(values[i])
                    or isinstance(values[i], (int, float, D)) and isinstance(values[k], (int, float, D, complex))]
            j = rnd.choice(same)
        pairs.append((i, j) + relate(values[i], pickle.loads(pickle.dumps(values[j]))))
    sys.stdout.buffer.write(pickle.dumps((out, pairs), protocol))


def relate(a, b):
    try:
        key = a in {b: 1} if hash(a) is not None else None
    except TypeError:
        key = None
    try:
        order = a < b
    except Exception as e:
        order = type(e).__name__ + ': ' + str(e)
    return a == b, key, order


def check(values):
    back = pickle.loads(sys.stdin.buffer.read())
    assert len(back) == len(values), (len(back), len(values))
    for v, b in zip(values, back):
        w = pickle.loads(b)
        assert type(v) is type(w) and repr(v) == repr(w), (v, w, b)
        if isinstance(v, (datetime.date, datetime.time, datetime.timedelta, uuid.UUID, D, str, bytes)) and v == v:
            assert v == w and hash(v) == hash(w), (v, w)


main()
