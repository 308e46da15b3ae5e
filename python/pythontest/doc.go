// Package pythontest has nothing but the tests of conex_client, the Python
// package in the folder above. They are Python's own unittests in ../tests: Go
// finds the interpreters, and is the server.
package pythontest
