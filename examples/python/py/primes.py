"""Prime numbers, one after the other."""
from itertools import count


def primes():
    """all of them: a generator that never ends"""
    multiples = {}  # the next multiple of each prime below
    for n in count(2):
        factor = multiples.pop(n, None)
        if factor is None:
            yield n
            multiples[n * n] = n
            continue
        m = n + factor
        while m in multiples:
            m += factor
        multiples[m] = factor
