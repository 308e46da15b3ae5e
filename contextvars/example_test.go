package contextvars_test

import (
	"context"
	"fmt"

	"github.com/conexgo/conex/contextvars"
	"github.com/conexgo/conex/futures"
)

var (
	user   = contextvars.NewVar("user", contextvars.WithDefault("nobody"))
	locale = contextvars.NewVar("locale", contextvars.WithDefault("en"))
)

// audit is far below whoever knows the user.
func audit(ctx context.Context, what string) {
	name, _ := user.Get(ctx)
	lang, _ := locale.Get(ctx)
	fmt.Printf("%s by %s (%s)\n", what, name, lang)
}

// A value for what is called next, as with context.WithValue.
func ExampleVar_With() {
	ctx := context.Background()
	audit(ctx, "start")
	audit(user.With(ctx, "ada"), "login")
	audit(ctx, "stop")
	// Output:
	// start by nobody (en)
	// login by ada (en)
	// stop by nobody (en)
}

// A callee sets what its caller goes on to see.
func ExampleVar_Set() {
	login := func(ctx context.Context, name string) error {
		_, err := user.Set(ctx, name)
		return err
	}
	err := contextvars.NewContext().Run(context.Background(), func(ctx context.Context) error {
		audit(ctx, "arrival")
		if err := login(ctx, "ada"); err != nil {
			return err
		}
		audit(ctx, "order")
		return nil
	})
	fmt.Println(err)
	// Output:
	// arrival by nobody (en)
	// order by ada (en)
	// <nil>
}

// Tasks see what was set when they were submitted, and keep what they set to
// themselves.
func Example_tasks() {
	pool, err := futures.NewThreadPool(futures.ThreadConfig{Workers: 2})
	check(err)
	defer pool.Close()
	greet := func(ctx context.Context) (string, error) {
		name, err := user.Get(ctx)
		if err != nil {
			return "", err
		}
		_, err = user.Set(ctx, "somebody else")
		return "hello, " + name, err
	}
	err = contextvars.NewContext().Run(context.Background(), func(ctx context.Context) error {
		var greetings []*futures.Future[string]
		for _, name := range []string{"ada", "grace"} {
			if _, err := user.Set(ctx, name); err != nil {
				return err
			}
			greetings = append(greetings, futures.Go(ctx, pool, greet))
		}
		for _, f := range greetings {
			s, err := f.Result(ctx)
			fmt.Println(s, err)
		}
		audit(ctx, "greeted")
		return nil
	})
	check(err)
	// Output:
	// hello, ada <nil>
	// hello, grace <nil>
	// greeted by grace (en)
}

func ExampleContext_All() {
	c := contextvars.NewContext()
	c.Run(context.Background(), func(ctx context.Context) error {
		locale.Set(ctx, "fr")
		user.Set(ctx, "ada")
		return nil
	})
	for v, val := range c.All() { // in the order in which they were made
		fmt.Println(v.Name(), val, v)
	}
	fmt.Println(c.Len(), c.Has(user), contextvars.NewContext().Has(user))
	// Output:
	// user ada Var("user", default "nobody")
	// locale fr Var("locale", default "en")
	// 2 true false
}

func ExampleToken() {
	contextvars.NewContext().Run(context.Background(), func(ctx context.Context) error {
		first, _ := locale.Set(ctx, "fr")
		second, _ := locale.Set(ctx, "de")
		_, ok := first.Old()
		fmt.Println("before the first:", ok)
		old, ok := second.Old()
		fmt.Println("before the second:", old, ok)

		check(locale.Reset(ctx, second))
		lang, _ := locale.Get(ctx)
		fmt.Println(lang)
		fmt.Println(locale.Reset(ctx, second))
		return nil
	})
	// Output:
	// before the first: false
	// before the second: fr true
	// fr
	// contextvars: the Token has been used (variable "locale")
}

// A goroutine that something else starts: copy first.
func ExampleCopy() {
	err := contextvars.NewContext().Run(context.Background(), func(ctx context.Context) error {
		user.Set(ctx, "grace")
		own := contextvars.Copy(ctx)
		done := make(chan error)
		go func() {
			done <- own.Run(ctx, func(ctx context.Context) error {
				audit(ctx, "work")
				_, err := user.Set(ctx, "worker")
				return err
			})
		}()
		err := <-done
		audit(ctx, "rest")
		return err
	})
	check(err)
	// Output:
	// work by grace (en)
	// rest by grace (en)
}

func ExampleLookup() {
	c := contextvars.NewContext()
	_, ok := contextvars.Lookup(c, user) // defaults do not count
	fmt.Println(ok)
	_, err := contextvars.Value(c, user)
	fmt.Println(err)
	// Output:
	// false
	// contextvars: variable is not set in this Context (variable "user")
}
