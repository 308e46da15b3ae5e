package python

import "testing"

// 100 MiB of float64, in and out: in place, into a result that is new each time,
// and as numpy sees it. The peer in CPython is in the folder bench.
func BenchmarkArray100MiB(b *testing.B) {
	const n = 100 << 20 / 8
	all, numpy := arrayPythons(b)
	python := all[len(all)-1]
	run := func(name, expr string, arg func(*Array[float64]) any) {
		b.Run(name, func(b *testing.B) {
			p := newArrayPeer(b, python)
			a := newArray[float64](b, n)
			for i := range a.Slice() {
				a.Slice()[i] = float64(i)
			}
			b.SetBytes(200 << 20)
			for b.Loop() {
				var y *Array[float64]
				p.run(expr, arg(a), &y)
				if y.Slice()[n-1] != n-1 {
					b.Fatal(y.Slice()[n-1])
				}
				y.Close()
			}
			p.close()
		})
	}
	view := func(a *Array[float64]) any { return a }
	run("same", "x", view)
	run("new", "y = array('d', len(x))\ny[:] = x", view)
	if numpy[python] {
		nd := func(a *Array[float64]) any { return NumPy(a) }
		run("numpy", "x", nd)
		run("numpy-new", "y = ndarray(x.shape)\ny[:] = x", nd)
		run("numpy-copied", "x + 0", nd)
	}
}

// What an Array costs, however small it is.
func BenchmarkArraySmall(b *testing.B) {
	all, _ := arrayPythons(b)
	for _, c := range []struct{ name, expr string }{{"none", "1"}, {"arg", "x[0]"}, {"result", "array('d', 10)"}, {"copied", "memoryview(b'abc')"}} {
		b.Run(c.name, func(b *testing.B) {
			p := newArrayPeer(b, all[1])
			for b.Loop() {
				a, _ := NewArray[float64](10)
				var v any
				p.run(c.expr, a, &v)
				if x, ok := v.(interface{ Close() error }); ok {
					x.Close()
				}
				a.Close()
			}
			p.close()
		})
	}
	b.Run("new", func(b *testing.B) {
		for b.Loop() {
			a, _ := NewArray[float64](10)
			a.Close()
		}
	})
}
