package socket_test

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/conexgo/conex/multiprocessing/connection"
	"github.com/conexgo/conex/multiprocessing/connection/socket"
	"github.com/conexgo/conex/pickle"
)

// The listener and the client of Python's documentation. Either of the two may
// be a Python program.
func ExampleListen() {
	ctx := context.Background()
	cfg := socket.Config{AuthKey: []byte("secret password")}

	l, err := socket.Listen(ctx, "localhost:0", cfg) // or localhost:6000
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()
	go func() {
		conn, err := l.Accept(ctx)
		if err != nil {
			return
		}
		defer conn.Close()
		conn.Send(ctx, pickle.NewList(2.25, nil, "junk", pickle.Global{Module: "builtins", Name: "float"}))
		conn.SendBytes(ctx, []byte("hello"))
		arr := binary.LittleEndian.AppendUint32(nil, 42)
		conn.SendBytes(ctx, binary.LittleEndian.AppendUint32(arr, 1729))
	}()

	conn, err := socket.Dial(ctx, l.Address(), cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()
	list, _ := conn.Recv(ctx)
	fmt.Println(pickle.Repr(list))

	hello, _ := conn.RecvBytes(ctx)
	fmt.Printf("%s\n", hello)

	buf := make([]byte, 20)
	n, _ := conn.RecvBytesInto(ctx, buf)
	var arr [5]int32
	binary.Decode(buf, binary.LittleEndian, &arr)
	fmt.Println(n, arr)
	// Output:
	// [2.25, None, 'junk', <class 'float'>]
	// hello
	// 8 [42 1729 0 0 0]
}

// A server for any number of clients, each in a goroutine of its own, until it
// is told to stop.
func ExampleListener() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	key := make([]byte, 32)
	rand.Read(key)
	cfg := socket.Config{AuthKey: key}
	l, err := socket.Listen(ctx, "", cfg) // the best for one machine
	if err != nil {
		fmt.Println(err)
		return
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept(ctx)
			if err != nil {
				return
			}
			serving.Go(func() {
				defer c.Close()
				for {
					n, err := connection.Recv[int](ctx, c)
					if err != nil {
						return // io.EOF: the client has gone
					}
					connection.Send(ctx, c, n*n)
				}
			})
		}
	})

	c, err := socket.Dial(ctx, l.Address(), cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	connection.Send(ctx, c, 12)
	fmt.Println(connection.Recv[int](ctx, c))
	c.Close()

	stop()
	l.Close()
	serving.Wait()
	// Output: 144 <nil>
}

// Without the key nobody gets in, and a key has to be refused explicitly.
func ExampleConfig() {
	ctx := context.Background()
	_, err := socket.Listen(ctx, "AF_INET", socket.Config{})
	fmt.Println(errors.Is(err, socket.ErrNoKey))

	l, err := socket.Listen(ctx, "AF_INET", socket.Config{AuthKey: []byte("right")})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()
	_, err = socket.Dial(ctx, l.Address(), socket.Config{AuthKey: []byte("wrong")})
	fmt.Println(errors.Is(err, socket.ErrAuthentication))
	// Output:
	// true
	// true
}

// Classes beyond those that package pickle knows are refused if there is a list
// of them.
func ExampleCodec() {
	ctx := context.Background()
	classes := new(pickle.Classes)
	classes.Allow("mymodule.Point")
	cfg := socket.Config{NoAuth: true, Codec: &pickle.Config{Classes: classes}}
	l, err := socket.Listen(ctx, "", cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()
	here, err := socket.Dial(ctx, l.Address(), cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer here.Close()
	there, err := l.Accept(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer there.Close()

	there.Send(ctx, pickle.Global{Module: "os", Name: "system"})
	_, err = here.Recv(ctx)
	var forbidden *pickle.ForbiddenError
	fmt.Println(errors.As(err, &forbidden), forbidden.Global)
	// Output: true os.system
}

// Each side of any connection can be asked to prove that it knows a key.
func ExampleDeliverChallenge() {
	ctx := context.Background()
	key := []byte("key")
	l, err := socket.Listen(ctx, "", socket.Config{NoAuth: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer l.Close()
	go func() {
		c, err := socket.Dial(ctx, l.Address(), socket.Config{NoAuth: true})
		if err != nil {
			return
		}
		defer c.Close()
		socket.AnswerChallenge(ctx, c, key)
		socket.DeliverChallenge(ctx, c, key, "")
	}()
	c, err := l.Accept(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	fmt.Println(socket.DeliverChallenge(ctx, c, key, "sha3_384"))
	fmt.Println(socket.AnswerChallenge(ctx, c, key))
	_, err = c.RecvBytes(ctx)
	fmt.Println(err == io.EOF)
	// Output:
	// <nil>
	// <nil>
	// true
}
