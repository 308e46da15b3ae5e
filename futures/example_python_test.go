package futures_test

// The examples of the Python documentation.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/conexgo/conex/futures"
)

// with ThreadPoolExecutor(max_workers=1) as executor:
//
//	future = executor.submit(pow, 323, 1235)
//	print(future.result())
func ExampleSubmit_pow() {
	pool, err := futures.NewThreadPool(futures.ThreadConfig{Workers: 1})
	check(err)
	defer pool.Close()
	ctx := context.Background()
	pow := futures.Local(func(_ context.Context, p futures.Pair[int64, int64]) (*big.Int, error) {
		return new(big.Int).Exp(big.NewInt(p.First), big.NewInt(p.Second), nil), nil
	})
	n, err := futures.Submit(ctx, pool, pow, futures.Pair[int64, int64]{First: 323, Second: 1235}).Result(ctx)
	check(err)
	s := n.String()
	fmt.Println(len(s), s[:20], s[len(s)-20:])
	// Output: 3099 73301874197116625252 96527027073630500507
}

// with ThreadPoolExecutor(max_workers=4) as e:
//
//	e.submit(shutil.copy, 'src1.txt', 'dest1.txt')
//	…
func ExampleThreadPool_copy() {
	dir, err := os.MkdirTemp("", "copy")
	check(err)
	defer os.RemoveAll(dir)
	file := func(format string, i int) string { return filepath.Join(dir, fmt.Sprintf(format, i)) }
	for i := 1; i <= 4; i++ {
		check(os.WriteFile(file("src%d.txt", i), fmt.Appendf(nil, "text %d", i), 0o666))
	}

	ctx := context.Background()
	pool, err := futures.NewThreadPool(futures.ThreadConfig{Workers: 4})
	check(err)
	var copies []futures.AnyFuture
	for i := 1; i <= 4; i++ {
		copies = append(copies, futures.Go(ctx, pool, func(context.Context) (int64, error) {
			return copyFile(file("dest%d.txt", i), file("src%d.txt", i))
		}))
	}
	check(pool.Close()) // waits, as Python does at the end of the with block

	for i, c := range copies {
		check(c.Err(ctx))
		text, err := os.ReadFile(file("dest%d.txt", i+1))
		fmt.Println(string(text), err)
	}
	// Output:
	// text 1 <nil>
	// text 2 <nil>
	// text 3 <nil>
	// text 4 <nil>
}

func copyFile(to, from string) (int64, error) {
	src, err := os.Open(from)
	if err != nil {
		return 0, err
	}
	defer src.Close()
	dst, err := os.Create(to)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(dst, src)
	return n, errors.Join(err, dst.Close())
}

// Two calls that wait for each other never finish. Only their context ends
// them.
func ExampleThreadPool_mutualDeadlock() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	pool, err := futures.NewThreadPool(futures.ThreadConfig{Workers: 2})
	check(err)
	defer pool.Close()

	var a, b *futures.Future[int]
	ready := make(chan bool)
	a = futures.Go(ctx, pool, func(ctx context.Context) (int, error) {
		<-ready
		return b.Result(ctx) // b will never complete, because it waits for a
	})
	b = futures.Go(ctx, pool, func(ctx context.Context) (int, error) {
		<-ready
		return a.Result(ctx)
	})
	close(ready)
	for _, f := range []*futures.Future[int]{a, b} {
		err := f.Err(context.Background())
		fmt.Println(errors.Is(err, futures.ErrStillRunning), errors.Is(err, context.DeadlineExceeded))
	}
	// Output:
	// true true
	// true true
}

// A call waits for another that needs the only worker, which it has itself.
func ExampleThreadPool_nestedDeadlock() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	pool, err := futures.NewThreadPool(futures.ThreadConfig{Workers: 1})
	check(err)
	defer pool.Close()

	f := futures.Go(ctx, pool, func(ctx context.Context) (int, error) {
		return futures.Submit(ctx, pool, Square, 5).Result(ctx)
	})
	fmt.Println(errors.Is(f.Err(context.Background()), context.DeadlineExceeded))
	// Output: true
}

// load_url over five URLs, one of which does not exist.
func ExampleAsCompleted() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, strings.Repeat("x", 1000*len(r.Host)))
	}))
	defer server.Close()
	// Four of the hosts are served by this machine.
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		if host, _, _ := net.SplitHostPort(addr); strings.Contains(host, "nonexistent") {
			return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		}
		var d net.Dialer
		return d.DialContext(ctx, network, server.Listener.Addr().String())
	}}}
	defer client.CloseIdleConnections()

	urls := []string{
		"http://www.foxnews.com/", "http://www.cnn.com/", "http://europe.wsj.com/",
		"http://www.bbc.co.uk/", "http://nonexistent-subdomain.python.org/",
	}
	loadURL := futures.Local(func(ctx context.Context, url string) ([]byte, error) {
		req, err := http.NewRequestWithContext(ctx, "GET", url, nil)
		if err != nil {
			return nil, err
		}
		resp, err := client.Do(req)
		if err != nil {
			return nil, err
		}
		defer resp.Body.Close()
		return io.ReadAll(resp.Body)
	})

	ctx := context.Background()
	pool, err := futures.NewThreadPool(futures.ThreadConfig{Workers: 5})
	check(err)
	defer pool.Close()
	futureToURL := make(map[*futures.Future[[]byte]]string)
	var all []*futures.Future[[]byte]
	for _, url := range urls {
		f := futures.Submit(ctx, pool, loadURL, url, futures.TaskTimeout(time.Minute))
		futureToURL[f] = url
		all = append(all, f)
	}
	for f, err := range futures.AsCompleted(ctx, all...) {
		check(err)
		url := futureToURL[f]
		if data, err := f.Result(ctx); err != nil {
			fmt.Printf("%s generated an exception: %v\n", url, err)
		} else {
			fmt.Printf("%s page is %d bytes\n", url, len(data))
		}
	}
	// Unordered output:
	// http://www.foxnews.com/ page is 15000 bytes
	// http://www.cnn.com/ page is 11000 bytes
	// http://europe.wsj.com/ page is 14000 bytes
	// http://www.bbc.co.uk/ page is 13000 bytes
	// http://nonexistent-subdomain.python.org/ generated an exception: Get "http://nonexistent-subdomain.python.org/": lookup nonexistent-subdomain.python.org: no such host
}

// Prime numbers, as in Python's example for process pools: here on threads.
func ExampleMap_isPrime() {
	primes := []int64{
		112272535095293, 112582705942171, 112272535095293,
		115280095190773, 115797848077099, 1099726899285419,
	}
	isPrime := futures.Local(func(_ context.Context, n int64) (bool, error) {
		if n < 2 || n > 2 && n%2 == 0 {
			return n == 2, nil
		}
		for i := int64(3); i <= int64(math.Sqrt(float64(n))); i += 2 {
			if n%i == 0 {
				return false, nil
			}
		}
		return true, nil
	})
	pool, err := futures.NewThreadPool(futures.ThreadConfig{})
	check(err)
	defer pool.Close()
	i := 0
	for prime, err := range futures.Map(context.Background(), pool, isPrime, slices.Values(primes)) {
		check(err)
		fmt.Printf("%d is prime: %v\n", primes[i], prime)
		i++
	}
	// Output:
	// 112272535095293 is prime: true
	// 112582705942171 is prime: true
	// 112272535095293 is prime: true
	// 115280095190773 is prime: true
	// 115797848077099 is prime: true
	// 1099726899285419 is prime: false
}
