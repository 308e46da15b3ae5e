// Package contextvars holds values that belong to a task, a request or a
// thread, and that whatever it calls can read and set: the counterpart of
// Python's contextvars.
//
//	var user = contextvars.NewVar("user", contextvars.WithDefault("nobody"))
//
//	func handle(ctx context.Context, r Request) error {
//		if _, err := user.Set(ctx, r.User); err != nil {
//			return err
//		}
//		…
//	}
//
//	func audit(ctx context.Context, what string) {
//		name, _ := user.Get(ctx)
//		log.Printf("%s by %s", what, name)
//	}
//
// A [Context] is a set of variables with their values, and can change. A
// context.Context carries one, which is then the current Context of the code
// that has this ctx. Nothing depends on which goroutine runs the code.
//
// # Where a Context comes from
//
//   - The ctx that conex.Main hands to the program carries a new one.
//   - [Context.Run] calls a function with a ctx that carries the Context.
//   - [Go] starts a goroutine with a copy.
//   - futures.Submit, futures.Go and each item of futures.Map run with a copy of
//     the one that the submitter's ctx carries, as it is at the moment of the
//     call; threads of package threading with a copy made when they start. What
//     a task sets stays in the task, and what its submitter sets later it does
//     not see. A submitter whose ctx carries none gives none. (In a worker
//     process, a goroutine that an item of a Map over plain numbers has left
//     behind may share with a later item.)
//   - In a worker process every task has one; in it is what was [Propagated].
//   - [Var.With] makes a ctx that carries a copy with one variable set.
//
// A goroutine that is started with a plain go statement and given ctx shares the
// Context: what one sets the other sees. That is safe, but seldom meant.
//
// # When to use it
//
// For what is set in one place and needed in many, far below: who asks, the
// trace, the locale, the precision of numbers. context.WithValue serves too, if
// the value is known before the calls that need it are made; here the callee can
// set what its caller goes on to see, a get costs the same however many
// variables there are, values have types, and they can reach other processes.
// It is preferable to state that is kept by thread, which one task leaves behind
// for the next.
//
// Not for a function's real arguments, and not for values that several
// goroutines change: a Context has no read-modify-write.
//
// # Costs
//
// On a virtual machine where context.Value at depth 1 takes 4.9 ns and
// context.WithValue 28 to 40 ns:
//
//	Get, 1 or 1,000 variables set           5 ns, 7 ns
//	Get under 10 contexts with a deadline   30 ns: the way down to the Context
//	Set, 1 or 1,000 variables set           31 ns, 35 ns; 1 allocation of a word and the value
//	Copy, however many                      25 ns
//	Context.Run                             25 ns
//
// The token costs nothing where Set's caller does no more than Reset with it.
// The first Set after a copy takes up to 0.5 µs longer, since then the two part.
// Where a Context is inherited, a Submit costs about 80 ns more and an item of a
// Map 15 ns; where there is none, and in a program without this package, nothing.
//
// # What is kept alive
//
// A Context keeps the values set in it, and their variables, until it is itself
// forgotten, which it is with the ctx that carries it. Make variables once, at
// package level: each takes a number that is not used again.
//
// # Python names
//
//	ContextVar(name, default=d)     NewVar(name, WithDefault(d))
//	var.get(), var.get(d)           v.Get(ctx), v.GetOr(ctx, d)
//	var.set(x), var.reset(tok)      v.Set(ctx, x), v.Reset(ctx, tok)
//	with var.set(x): …              v.Do(ctx, x, fn)
//	tok.var, tok.old_value          tok.Var(), tok.Old()
//	Token.MISSING                   the false of tok.Old()
//	copy_context()                  Copy(ctx)
//	Context()                       NewContext()
//	c.run(f)                        c.Run(ctx, f)
//	c.copy(), len(c), var in c      c.Copy(), c.Len(), c.Has(v)
//	c[var], c.get(var)              Value(c, v), Lookup(c, v)
//	iter(c), keys, values, items    c.Vars(), c.Values(), c.All()
//	c == d                          c.Equal(d)
//	asyncio's tasks and callbacks   Go(ctx, fn), futures.Submit
//	LookupError, KeyError           ErrLookup, ErrKey
//	RuntimeError, ValueError        ErrEntered, ErrTokenUsed; ErrWrongVar, ErrWrongContext
package contextvars
