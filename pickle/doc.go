// Package pickle reads and writes Python's pickles.
package pickle
