package pickle

import "slices"

// Modules and names that Python 3 has renamed. Pickles of protocols 0 to 2 have
// the names of Python 2, whichever Python has written them, so that both read
// them. The tables are those of Lib/_compat_pickle.py in CPython 3.13;
// TestNamesAsPython holds them against it.

// toPython3 returns the name that Python 3 has for what Python 2 called g, as
// Python 3 itself still writes it in protocols 0 to 2.
func toPython3(g Global) Global {
	if h, ok := renamed[g]; ok {
		return h
	}
	if g.Module == "exceptions" && slices.Contains(exceptions2, g.Name) {
		return Global{"builtins", g.Name}
	}
	if m, ok := moved[g.Module]; ok {
		return Global{m, g.Name}
	}
	return g
}

// toPython2 is the way back. It is not the inverse: where Python 2 had several
// names for what is one thing now, CPython writes one of them.
func toPython2(g Global) Global {
	if h, ok := renamedBack[g]; ok {
		return h
	}
	if g.Module == "builtins" {
		switch {
		case slices.Contains(exceptions2, g.Name):
			return Global{"exceptions", g.Name}
		case slices.Contains(osErrors, g.Name):
			return Global{"exceptions", "OSError"}
		case g.Name == "ModuleNotFoundError":
			return Global{"exceptions", "ImportError"}
		}
	}
	if m, ok := movedBack[g.Module]; ok {
		return Global{m, g.Name}
	}
	return g
}

// renamed are the names that changed, alone or with their module.
var renamed = map[Global]Global{
	{"UserDict", "IterableUserDict"}:           {"collections", "UserDict"},
	{"UserDict", "UserDict"}:                   {"collections", "UserDict"},
	{"UserList", "UserList"}:                   {"collections", "UserList"},
	{"UserString", "UserString"}:               {"collections", "UserString"},
	{"__builtin__", "basestring"}:              {"builtins", "str"},
	{"__builtin__", "intern"}:                  {"sys", "intern"},
	{"__builtin__", "long"}:                    {"builtins", "int"},
	{"__builtin__", "reduce"}:                  {"functools", "reduce"},
	{"__builtin__", "unichr"}:                  {"builtins", "chr"},
	{"__builtin__", "unicode"}:                 {"builtins", "str"},
	{"__builtin__", "xrange"}:                  {"builtins", "range"},
	{"_multiprocessing", "Connection"}:         {"multiprocessing.connection", "Connection"},
	{"_socket", "fromfd"}:                      {"socket", "fromfd"},
	{"exceptions", "StandardError"}:            {"builtins", "Exception"},
	{"itertools", "ifilter"}:                   {"builtins", "filter"},
	{"itertools", "ifilterfalse"}:              {"itertools", "filterfalse"},
	{"itertools", "imap"}:                      {"builtins", "map"},
	{"itertools", "izip"}:                      {"builtins", "zip"},
	{"itertools", "izip_longest"}:              {"itertools", "zip_longest"},
	{"multiprocessing", "AuthenticationError"}: {"multiprocessing.context", "AuthenticationError"},
	{"multiprocessing", "BufferTooShort"}:      {"multiprocessing.context", "BufferTooShort"},
	{"multiprocessing", "ProcessError"}:        {"multiprocessing.context", "ProcessError"},
	{"multiprocessing", "TimeoutError"}:        {"multiprocessing.context", "TimeoutError"},
	{"multiprocessing.forking", "Popen"}:       {"multiprocessing.popen_fork", "Popen"},
	{"multiprocessing.process", "Process"}:     {"multiprocessing.context", "Process"},
	{"socket", "_socketobject"}:                {"socket", "SocketType"},
	{"urllib", "ContentTooShortError"}:         {"urllib.error", "ContentTooShortError"},
	{"urllib", "getproxies"}:                   {"urllib.request", "getproxies"},
	{"urllib", "pathname2url"}:                 {"urllib.request", "pathname2url"},
	{"urllib", "quote"}:                        {"urllib.parse", "quote"},
	{"urllib", "quote_plus"}:                   {"urllib.parse", "quote_plus"},
	{"urllib", "unquote"}:                      {"urllib.parse", "unquote"},
	{"urllib", "unquote_plus"}:                 {"urllib.parse", "unquote_plus"},
	{"urllib", "url2pathname"}:                 {"urllib.request", "url2pathname"},
	{"urllib", "urlcleanup"}:                   {"urllib.request", "urlcleanup"},
	{"urllib", "urlencode"}:                    {"urllib.parse", "urlencode"},
	{"urllib", "urlopen"}:                      {"urllib.request", "urlopen"},
	{"urllib", "urlretrieve"}:                  {"urllib.request", "urlretrieve"},
	{"urllib2", "HTTPError"}:                   {"urllib.error", "HTTPError"},
	{"urllib2", "URLError"}:                    {"urllib.error", "URLError"},
	{"whichdb", "whichdb"}:                     {"dbm", "whichdb"},
}

// renamedBack are the names that Python 2 has for those of Python 3. The modules
// with an underscore are where CPython keeps what is public in another one.
var renamedBack = map[Global]Global{
	{"_functools", "reduce"}:                           {"__builtin__", "reduce"},
	{"_socket", "socket"}:                              {"socket", "_socketobject"},
	{"builtins", "chr"}:                                {"__builtin__", "unichr"},
	{"builtins", "filter"}:                             {"itertools", "ifilter"},
	{"builtins", "int"}:                                {"__builtin__", "long"},
	{"builtins", "map"}:                                {"itertools", "imap"},
	{"builtins", "range"}:                              {"__builtin__", "xrange"},
	{"builtins", "str"}:                                {"__builtin__", "unicode"},
	{"builtins", "zip"}:                                {"itertools", "izip"},
	{"collections", "UserDict"}:                        {"UserDict", "IterableUserDict"},
	{"collections", "UserList"}:                        {"UserList", "UserList"},
	{"collections", "UserString"}:                      {"UserString", "UserString"},
	{"dbm", "whichdb"}:                                 {"whichdb", "whichdb"},
	{"functools", "reduce"}:                            {"__builtin__", "reduce"},
	{"http.server", "CGIHTTPRequestHandler"}:           {"CGIHTTPServer", "CGIHTTPRequestHandler"},
	{"http.server", "SimpleHTTPRequestHandler"}:        {"SimpleHTTPServer", "SimpleHTTPRequestHandler"},
	{"itertools", "filterfalse"}:                       {"itertools", "ifilterfalse"},
	{"itertools", "zip_longest"}:                       {"itertools", "izip_longest"},
	{"multiprocessing.connection", "Connection"}:       {"_multiprocessing", "Connection"},
	{"multiprocessing.context", "AuthenticationError"}: {"multiprocessing", "AuthenticationError"},
	{"multiprocessing.context", "BufferTooShort"}:      {"multiprocessing", "BufferTooShort"},
	{"multiprocessing.context", "Process"}:             {"multiprocessing.process", "Process"},
	{"multiprocessing.context", "ProcessError"}:        {"multiprocessing", "ProcessError"},
	{"multiprocessing.context", "TimeoutError"}:        {"multiprocessing", "TimeoutError"},
	{"multiprocessing.popen_fork", "Popen"}:            {"multiprocessing.forking", "Popen"},
	{"socket", "fromfd"}:                               {"_socket", "fromfd"},
	{"sys", "intern"}:                                  {"__builtin__", "intern"},
	{"tkinter.filedialog", "FileDialog"}:               {"FileDialog", "FileDialog"},
	{"tkinter.filedialog", "LoadFileDialog"}:           {"FileDialog", "LoadFileDialog"},
	{"tkinter.filedialog", "SaveFileDialog"}:           {"FileDialog", "SaveFileDialog"},
	{"tkinter.simpledialog", "SimpleDialog"}:           {"SimpleDialog", "SimpleDialog"},
	{"urllib.error", "ContentTooShortError"}:           {"urllib", "ContentTooShortError"},
	{"urllib.error", "HTTPError"}:                      {"urllib2", "HTTPError"},
	{"urllib.error", "URLError"}:                       {"urllib2", "URLError"},
	{"urllib.parse", "quote"}:                          {"urllib", "quote"},
	{"urllib.parse", "quote_plus"}:                     {"urllib", "quote_plus"},
	{"urllib.parse", "unquote"}:                        {"urllib", "unquote"},
	{"urllib.parse", "unquote_plus"}:                   {"urllib", "unquote_plus"},
	{"urllib.parse", "urlencode"}:                      {"urllib", "urlencode"},
	{"urllib.request", "getproxies"}:                   {"urllib", "getproxies"},
	{"urllib.request", "pathname2url"}:                 {"urllib", "pathname2url"},
	{"urllib.request", "url2pathname"}:                 {"urllib", "url2pathname"},
	{"urllib.request", "urlcleanup"}:                   {"urllib", "urlcleanup"},
	{"urllib.request", "urlopen"}:                      {"urllib", "urlopen"},
	{"urllib.request", "urlretrieve"}:                  {"urllib", "urlretrieve"},
	{"xmlrpc.server", "DocCGIXMLRPCRequestHandler"}:    {"DocXMLRPCServer", "DocCGIXMLRPCRequestHandler"},
	{"xmlrpc.server", "DocXMLRPCRequestHandler"}:       {"DocXMLRPCServer", "DocXMLRPCRequestHandler"},
	{"xmlrpc.server", "DocXMLRPCServer"}:               {"DocXMLRPCServer", "DocXMLRPCServer"},
	{"xmlrpc.server", "ServerHTMLDoc"}:                 {"DocXMLRPCServer", "ServerHTMLDoc"},
	{"xmlrpc.server", "XMLRPCDocGenerator"}:            {"DocXMLRPCServer", "XMLRPCDocGenerator"},
}

// moved are the modules that changed their name.
var moved = map[string]string{
	"BaseHTTPServer":     "http.server",
	"CGIHTTPServer":      "http.server",
	"ConfigParser":       "configparser",
	"Cookie":             "http.cookies",
	"Dialog":             "tkinter.dialog",
	"DocXMLRPCServer":    "xmlrpc.server",
	"FileDialog":         "tkinter.filedialog",
	"HTMLParser":         "html.parser",
	"Queue":              "queue",
	"ScrolledText":       "tkinter.scrolledtext",
	"SimpleDialog":       "tkinter.simpledialog",
	"SimpleHTTPServer":   "http.server",
	"SimpleXMLRPCServer": "xmlrpc.server",
	"SocketServer":       "socketserver",
	"StringIO":           "io",
	"Tkconstants":        "tkinter.constants",
	"Tkdnd":              "tkinter.dnd",
	"Tkinter":            "tkinter",
	"UserDict":           "collections",
	"UserList":           "collections",
	"UserString":         "collections",
	"__builtin__":        "builtins",
	"_abcoll":            "collections.abc",
	"_elementtree":       "xml.etree.ElementTree",
	"_winreg":            "winreg",
	"anydbm":             "dbm",
	"cPickle":            "pickle",
	"cStringIO":          "io",
	"commands":           "subprocess",
	"cookielib":          "http.cookiejar",
	"copy_reg":           "copyreg",
	"dbhash":             "dbm.bsd",
	"dbm":                "dbm.ndbm",
	"dumbdbm":            "dbm.dumb",
	"dummy_thread":       "_dummy_thread",
	"gdbm":               "dbm.gnu",
	"htmlentitydefs":     "html.entities",
	"httplib":            "http.client",
	"markupbase":         "_markupbase",
	"repr":               "reprlib",
	"robotparser":        "urllib.robotparser",
	"test.test_support":  "test.support",
	"thread":             "_thread",
	"tkColorChooser":     "tkinter.colorchooser",
	"tkCommonDialog":     "tkinter.commondialog",
	"tkFileDialog":       "tkinter.filedialog",
	"tkFont":             "tkinter.font",
	"tkMessageBox":       "tkinter.messagebox",
	"tkSimpleDialog":     "tkinter.simpledialog",
	"ttk":                "tkinter.ttk",
	"urllib2":            "urllib.request",
	"urlparse":           "urllib.parse",
	"whichdb":            "dbm",
	"xmlrpclib":          "xmlrpc.client",
}

// movedBack are the modules by their names in Python 3.
var movedBack = map[string]string{
	"_bz2":                 "bz2",
	"_dbm":                 "dbm",
	"_dummy_thread":        "dummy_thread",
	"_functools":           "functools",
	"_gdbm":                "gdbm",
	"_markupbase":          "markupbase",
	"_pickle":              "pickle",
	"_thread":              "thread",
	"builtins":             "__builtin__",
	"collections.abc":      "_abcoll",
	"configparser":         "ConfigParser",
	"copyreg":              "copy_reg",
	"dbm":                  "anydbm",
	"dbm.bsd":              "dbhash",
	"dbm.dumb":             "dumbdbm",
	"dbm.gnu":              "gdbm",
	"dbm.ndbm":             "dbm",
	"html.entities":        "htmlentitydefs",
	"html.parser":          "HTMLParser",
	"http.client":          "httplib",
	"http.cookiejar":       "cookielib",
	"http.cookies":         "Cookie",
	"http.server":          "BaseHTTPServer",
	"queue":                "Queue",
	"reprlib":              "repr",
	"socketserver":         "SocketServer",
	"subprocess":           "commands",
	"test.support":         "test.test_support",
	"tkinter":              "Tkinter",
	"tkinter.colorchooser": "tkColorChooser",
	"tkinter.commondialog": "tkCommonDialog",
	"tkinter.constants":    "Tkconstants",
	"tkinter.dialog":       "Dialog",
	"tkinter.dnd":          "Tkdnd",
	"tkinter.filedialog":   "tkFileDialog",
	"tkinter.font":         "tkFont",
	"tkinter.messagebox":   "tkMessageBox",
	"tkinter.scrolledtext": "ScrolledText",
	"tkinter.simpledialog": "tkSimpleDialog",
	"tkinter.ttk":          "ttk",
	"urllib.parse":         "urlparse",
	"urllib.request":       "urllib2",
	"urllib.robotparser":   "robotparser",
	"winreg":               "_winreg",
	"xmlrpc.client":        "xmlrpclib",
	"xmlrpc.server":        "SimpleXMLRPCServer",
}

// exceptions2 are the exceptions that Python 2 has, in a module of their own.
var exceptions2 = []string{
	"ArithmeticError",
	"AssertionError",
	"AttributeError",
	"BaseException",
	"BufferError",
	"BytesWarning",
	"DeprecationWarning",
	"EOFError",
	"EnvironmentError",
	"Exception",
	"FloatingPointError",
	"FutureWarning",
	"GeneratorExit",
	"IOError",
	"ImportError",
	"ImportWarning",
	"IndentationError",
	"IndexError",
	"KeyError",
	"KeyboardInterrupt",
	"LookupError",
	"MemoryError",
	"NameError",
	"NotImplementedError",
	"OSError",
	"OverflowError",
	"PendingDeprecationWarning",
	"ReferenceError",
	"RuntimeError",
	"RuntimeWarning",
	"StopIteration",
	"SyntaxError",
	"SyntaxWarning",
	"SystemError",
	"SystemExit",
	"TabError",
	"TypeError",
	"UnboundLocalError",
	"UnicodeDecodeError",
	"UnicodeEncodeError",
	"UnicodeError",
	"UnicodeTranslateError",
	"UnicodeWarning",
	"UserWarning",
	"ValueError",
	"Warning",
	"ZeroDivisionError",
}

// osErrors are those that Python 2 does not have: it reads an OSError.
var osErrors = []string{
	"BrokenPipeError",
	"ChildProcessError",
	"ConnectionAbortedError",
	"ConnectionError",
	"ConnectionRefusedError",
	"ConnectionResetError",
	"FileExistsError",
	"FileNotFoundError",
	"InterruptedError",
	"IsADirectoryError",
	"NotADirectoryError",
	"PermissionError",
	"ProcessLookupError",
	"TimeoutError",
}
