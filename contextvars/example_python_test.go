package contextvars_test

// The examples of the Python documentation.

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/conexgo/conex/contextvars"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// ctx = copy_context()
//
//	ctx.run(main)
func ExampleContext_Run() {
	v := contextvars.NewVar[string]("var")
	printVar := func(ctx context.Context) {
		s, err := v.Get(ctx)
		check(err)
		fmt.Println(s)
	}

	// conex.Main hands out a ctx that carries a Context; here we make one.
	err := contextvars.NewContext().Run(context.Background(), func(ctx context.Context) error {
		_, err := v.Set(ctx, "spam")
		check(err)

		c := contextvars.Copy(ctx)
		err = c.Run(ctx, func(ctx context.Context) error {
			printVar(ctx) // the copy has what there was
			inCopy, err := contextvars.Value(c, v)
			check(err)
			fmt.Println(inCopy)

			_, err = v.Set(ctx, "ham")
			printVar(ctx)
			inCopy, _ = contextvars.Value(c, v)
			fmt.Println(inCopy)
			return err
		})
		check(err)

		inCopy, _ := contextvars.Value(c, v)
		fmt.Println("the copy keeps", inCopy)
		printVar(ctx) // nothing has changed outside
		return nil
	})
	check(err)
	// Output:
	// spam
	// spam
	// ham
	// ham
	// the copy keeps ham
	// spam
}

// token = var.set('new value')
//
//	…
//	var.reset(token)
func ExampleVar_Reset() {
	v := contextvars.NewVar[string]("var")
	err := contextvars.NewContext().Run(context.Background(), func(ctx context.Context) error {
		token, err := v.Set(ctx, "new value")
		check(err)
		s, err := v.Get(ctx)
		fmt.Println(s, err)

		check(v.Reset(ctx, token))
		_, err = v.Get(ctx)
		fmt.Println(err, errors.Is(err, contextvars.ErrLookup))
		return nil
	})
	check(err)
	// Output:
	// new value <nil>
	// contextvars: variable is not set: "var" has neither a value nor a default true
}

// with var.set('new value'):
//
//	print(var.get())
func ExampleVar_Do() {
	v := contextvars.NewVar("var", contextvars.WithDefault("default value"))
	print := func(ctx context.Context) error {
		s, err := v.Get(ctx)
		fmt.Println(s)
		return err
	}
	err := contextvars.NewContext().Run(context.Background(), func(ctx context.Context) error {
		check(v.Do(ctx, "new value", print))
		return print(ctx)
	})
	check(err)
	// Output:
	// new value
	// default value
}

// clientAddr is the address of the client that is being served.
var clientAddr = contextvars.NewVar[net.Addr]("client_addr_var")

// renderGoodbye needs the address, which its callers do not know of.
func renderGoodbye(ctx context.Context) string {
	addr, err := clientAddr.Get(ctx)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("Good bye, client @ %v\r\n", addr)
}

func handleRequest(ctx context.Context, conn net.Conn) {
	defer conn.Close()
	if _, err := clientAddr.Set(ctx, conn.RemoteAddr()); err != nil {
		return
	}
	lines := bufio.NewScanner(conn)
	for lines.Scan() && strings.TrimSpace(lines.Text()) != "" {
	}
	fmt.Fprint(conn, "HTTP/1.1 200 OK\r\n\r\n", renderGoodbye(ctx)) // status line, no headers, body
}

// The echo server: every connection is served in a copy of the Context.
func ExampleGo() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	serving := contextvars.Go(context.Background(), func(ctx context.Context) {
		var requests []<-chan struct{}
		for {
			conn, err := listener.Accept()
			if err != nil {
				break
			}
			requests = append(requests, contextvars.Go(ctx, func(ctx context.Context) { handleRequest(ctx, conn) }))
		}
		for _, done := range requests {
			<-done
		}
	})

	for range 2 {
		client, err := net.Dial("tcp", listener.Addr().String())
		check(err)
		fmt.Fprint(client, "GET / HTTP/1.1\r\nHost: example\r\n\r\n")
		answer, err := io.ReadAll(client)
		check(err)
		text := strings.ReplaceAll(string(answer), client.LocalAddr().String(), "our own address")
		fmt.Println(strings.ReplaceAll(text, "\r", ""))
		client.Close()
	}
	listener.Close()
	<-serving
	// Output:
	// HTTP/1.1 200 OK
	//
	// Good bye, client @ our own address
	//
	// HTTP/1.1 200 OK
	//
	// Good bye, client @ our own address
}
