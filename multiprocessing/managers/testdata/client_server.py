# A server of CPython's for the tests of the client in Go: SyncManager with some
# types of its own. It prints its address, and ends with its standard input.
import multiprocessing
import os
import queue
import sys
import threading
from multiprocessing.managers import SyncManager


class Maths:
    def add(self, x, y):
        return x + y

    def keywords(self, *args, **kwds):
        return list(args), kwds

    def fail(self, text):
        raise Trouble(text, 7)

    def lock(self):
        return threading.Lock()

    def sleep(self):
        threading.Event().wait()

    def _hidden(self):
        return 1


class Trouble(Exception):
    pass


def generate(n):
    total = 0
    for i in range(n):
        got = yield i + total
        total += got or 0


class Manager(SyncManager):
    pass


shared = queue.Queue()
Manager.register('Maths', Maths)
Manager.register('get_queue', callable=lambda: shared)
Manager.register('generate', callable=generate)
if not hasattr(SyncManager, 'set'):
    Manager.register('set', set, exposed=[
        '__contains__', '__len__', '__eq__', 'add', 'clear', 'copy', 'difference', 'difference_update', 'discard',
        'intersection', 'intersection_update', 'isdisjoint', 'issubset', 'issuperset', 'pop', 'remove',
        'symmetric_difference', 'symmetric_difference_update', 'union', 'update'])


def end():
    while os.read(0, 1):  # sys.stdin has a lock, with which the pool's workers would be forked
        pass
    os._exit(0)


if __name__ == '__main__':
    key = sys.argv[1].encode()
    multiprocessing.current_process().authkey = key
    threading.Thread(target=end, daemon=True).start()
    address = sys.argv[2] if len(sys.argv) > 2 else ('127.0.0.1', 0)
    server = Manager(address=address, authkey=key).get_server()
    print(server.address if isinstance(server.address, str) else '%s:%d' % server.address, flush=True)
    server.serve_forever()
