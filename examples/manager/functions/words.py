"""Has Go count the words of files: words.py FILE ..."""
import sys

import conex_client

with conex_client.connect("127.0.0.1:50001", authkey_file="conex.key") as go:
    print("7 squared is", go.call("square", 7))

    words = go.function("words", timeout=10)
    calls = {name: words.submit(name) for name in sys.argv[1:] + ["missing.txt"]}
    for name, call in calls.items():
        try:
            print(name, "has", call.result(), "words")
        except conex_client.GoError as err:
            print("%s: %s (%s)" % (name, err, err.type))

    print("the first squares are", *go.map("square", range(10)))
