package subprocess

import (
	"bytes"
	"io"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/conexgo/conex/internal/leak"
)

func TestPipeSize(t *testing.T) {
	leak.Check(t)
	for _, c := range []struct{ size, want int }{{0, 64 << 10}, {4096, 4096}, {100_000, 128 << 10}, {1 << 30, maxPipe()}} {
		cmd := Cmd{Args: []string{"sleep", "100"}, Stdin: Pipe, Stdout: Pipe, Stderr: Pipe, PipeSize: c.size}
		p, err := Start(t.Context(), cmd)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range []*os.File{p.in.file, p.out.file, p.err.file} {
			if got := pipeSize(f); got != c.want && os.Getuid() == 0 {
				t.Errorf("PipeSize %d: %d, want %d", c.size, got, c.want)
			}
		}
		p.Kill()
		if code, err := p.Close(t.Context()); code != -int(syscall.SIGKILL) || err != nil {
			t.Error(code, err)
		}
	}
}

// A pipe through which much comes becomes a big one, as long as there are not too
// many of those.
func TestBigPipes(t *testing.T) {
	leak.Check(t)
	data := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	for _, used := range []int64{0, allowance} {
		bigPipes.Add(used)
		o, w := pipeOf(t, &Cmd{})
		go func() {
			w.Write(data)
			w.Close()
		}()
		p := &Popen{}
		p.begin()
		g := newGather(p, o)
		<-g.done
		if !bytes.Equal(g.data, data) || g.err != nil {
			t.Error(len(g.data), g.err)
		}
		if o.fixed == (used > 0) && o.seen < growAfter {
			t.Error("it was not tried")
		}
		if got := bigPipes.Add(-used); got != 0 {
			t.Error("left of the allowance:", got)
		}
	}
}

// Output of all sizes arrives, also when there is no memory but the collector's.
func TestGatherSizes(t *testing.T) {
	leak.Check(t)
	before := newPages
	t.Cleanup(func() { newPages = before })
	pages := 0
	for _, get := range []func(int) []byte{
		func(n int) []byte { pages++; return before(n) },
		func(int) []byte { return nil },
	} {
		newPages = get
		for _, size := range []int{0, 1, firstPart - 1, firstPart, firstPart + 1, 200_000, 1 << 20, 3 << 20, 20 << 20} {
			data := make([]byte, size)
			for i := range data {
				data[i] = byte(i / 251)
			}
			o, w := pipeOf(t, &Cmd{})
			go func() {
				w.Write(data)
				w.Close()
			}()
			g := newGather(&Popen{}, o)
			<-g.done
			if !bytes.Equal(g.data, data) || g.data == nil || g.err != nil || !bytes.Equal(g.soFar(), data) {
				t.Errorf("%d bytes: %d, %v", size, len(g.data), g.err)
			}
		}
	}
	if pages < 2 {
		t.Error("pages were used", pages, "times")
	}
}

// What was in the pipe when the time was over is not lost, and who goes on
// writing does not keep the reader.
func TestSweep(t *testing.T) {
	leak.Check(t)
	o, w := pipeOf(t, &Cmd{})
	o.mu.Lock()
	defer o.mu.Unlock()
	w.Write(make([]byte, 50_000))
	o.until(time.Unix(1, 0))
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := w.Write(make([]byte, 1000)); err != nil {
				return
			}
		}
	}()
	n, err := io.Copy(io.Discard, o.src)
	if n < 50_000 || n > 64<<10 || err != nil {
		t.Error(n, err)
	}
	close(stop)
	o.file.Close()
	<-done
}
