package managers_test

import (
	"context"
	"fmt"

	"github.com/conexgo/conex/futures"
	"github.com/conexgo/conex/multiprocessing/managers"
	"github.com/conexgo/conex/pickle"
)

// A server lets its clients call functions, on workers of its own. In Python,
// where area is a function of module shapes, or has only its name and no body:
//
//	m = SyncManager(('host', 5000), authkey=b'key'); m.connect()
//	with m.Pool(4) as pool:
//	    pool.starmap(shapes.area, [(2, 3), (4, 5)])    # [6.0, 20.0]
//	    pool.apply('shapes.area', (2,), {'height': 3}) # 6.0
func ExampleFunction() {
	type rectangle struct{ Width, Height float64 }
	area := func(_ context.Context, r rectangle) (float64, error) {
		if r.Width < 0 || r.Height < 0 {
			return 0, pickle.ValueError.New("a side is negative")
		}
		return r.Width * r.Height, nil
	}
	types := managers.NewTypes("", managers.SyncTypes)
	managers.Function(types, "shapes.area", futures.Local(area))

	ctx := context.Background()
	server, err := managers.Listen(ctx, managers.Config{Types: types, AuthKey: []byte("key")})
	if err != nil {
		fmt.Println(err)
		return
	}
	served := make(chan error)
	go func() { served <- server.Serve(ctx) }()

	m, err := managers.Connect(ctx, server.Address(), managers.ClientConfig{AuthKey: []byte("key")})
	if err != nil {
		fmt.Println(err)
		return
	}
	pool, err := managers.NewPool[float64](ctx, m, 4)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(pool.StarMap(ctx, "shapes.area", [][]float64{{2, 3}, {4, 5}}))
	fmt.Println(pool.Apply(ctx, "shapes.area", 2, managers.Kwds{"height": 3}))
	_, err = pool.Apply(ctx, "shapes.area", -2, 3)
	fmt.Println(err)

	m.Close()
	server.Close()
	fmt.Println(<-served)
	// Output:
	// [6 20] <nil>
	// 6 <nil>
	// ValueError: a side is negative
	// <nil>
}
