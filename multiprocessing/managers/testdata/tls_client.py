"""A client of a manager over TLS: tls_client.py RECIPE_DIR CERT_DIR PORT KEY"""
import multiprocessing
import ssl
import sys
from multiprocessing import managers
from multiprocessing.connection import Listener

recipe, certs, port, key = sys.argv[1:]
sys.path.insert(0, recipe)
from tls_connection import Client

context = ssl.create_default_context(cafile=certs + '/ca.pem')
context.load_cert_chain(certs + '/client.pem', certs + '/client.key')
managers.listener_client['pickle'] = (Listener, lambda address, authkey=None: Client(address, context, authkey))

multiprocessing.current_process().authkey = key.encode()
m = managers.SyncManager(('127.0.0.1', int(port)), key.encode())
m.connect()
d = m.dict(a=1)
d['b'] = [2, 'x' * 100000]
q = m.Queue()
q.put(d)
e = q.get()
assert e is not d and e['b'][0] == 2 and len(e['b'][1]) == 100000
print('ok', sorted(d.keys()))
