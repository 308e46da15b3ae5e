"""Statistics of text files. Nothing here knows that Go calls it."""
import re
from collections import Counter

WORD = re.compile(rb"[A-Za-z]{2,}")


def stats(path):
    """lines, words, bytes of the longest line, and how often each word occurs"""
    with open(path, "rb") as f:
        text = f.read()
    freq = Counter(WORD.findall(text))
    return {
        "files": 1,
        "lines": text.count(b"\n"),
        "words": sum(freq.values()),
        "longest": max(map(len, text.split(b"\n"))),
        "freq": {word.decode(): n for word, n in freq.items()},
    }
