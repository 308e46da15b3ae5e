package python

import _ "embed"

// workerSource is the Python side of a worker.
//
//go:embed worker.py
var workerSource []byte

// workerFile is what it is called in tracebacks.
const workerFile = "conex_worker.py"

// bootstrap is what the interpreter is started with: it loads workerSource, from
// descriptor 6, as the module conex_worker. Python 2.7 can read it, too, so that
// one that is too old can say so. The byte that it sends says that there is a Python.
const bootstrap = `import os,sys
if sys.version_info<(3,8):
 import struct;t=('{"kind":"version","text":"%s"}'%sys.version.split()[0]).encode();os.write(4,struct.pack('<BI',11,len(t))+t);os._exit(3)
os.write(4,b'\0')
m=type(os)('conex_worker');m.__file__='conex_worker.py';sys.modules['conex_worker']=m
exec(compile(os.pread(6,1<<20,0),m.__file__,'exec'),m.__dict__);m.main()`
