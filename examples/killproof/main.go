// Killproof has producers and consumers share a queue, a lock and a counter,
// while another hand kills them, one after the other, with SIGKILL, in the
// middle of whatever they do. Then it counts.
//
//	go run ./examples/killproof
//	go run ./examples/killproof -kills 1000
//
// A killed process may take one item with it, the one it was putting or had
// just got. Nothing else is lost, nothing comes twice, nothing is torn, nobody
// waits for ever. Python's multiprocessing.Queue hangs at the first kill that
// comes at a bad moment.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"time"

	"github.com/conexgo/conex"
	"github.com/conexgo/conex/multiprocessing"
	"github.com/conexgo/conex/multiprocessing/sharedctypes"
)

var kills = flag.Int("kills", 50, "how many processes to kill")

func main() { conex.Main(run) }

const (
	producers = 3
	consumers = 3
	mostItems = 2_000_000 // of one producer
)

// An Item says where it comes from, and can tell whether it is whole.
type Item struct {
	Producer, Number int
	Payload          []byte
	Sum              uint32
}

// Shared is all that the processes have in common. It travels to each of them
// as an argument.
type Shared struct {
	Me      int
	Queue   *multiprocessing.Queue[Item]
	Stop    *multiprocessing.Event
	Lock    *multiprocessing.Lock
	Counter *sharedctypes.RawArray[int64] // two numbers, equal whenever nobody has the lock
	Repairs *sharedctypes.RawValue[int64]
	Begun   *sharedctypes.RawArray[int64] // of each producer: items it has begun to put
	Put     *sharedctypes.RawArray[int64] // and those whose Put has returned
	Seen    *sharedctypes.RawArray[uint32]
	Torn    *sharedctypes.RawValue[int64]
}

var (
	produce = conex.Register("produce", produceItems)
	consume = conex.Register("consume", consumeItems)
)

// produceItems puts items until it is told to stop, or killed. It goes on where
// the one before it was.
func produceItems(ctx context.Context, s Shared) (none struct{}, err error) {
	begun, err := s.Begun.Elem(s.Me)
	if err != nil {
		return none, err
	}
	put, err := s.Put.Elem(s.Me)
	if err != nil {
		return none, err
	}
	for !s.Stop.IsSet() {
		n := int(begun.Load())
		if n == mostItems {
			break
		}
		payload := make([]byte, rand.IntN(2000))
		for i := range payload {
			payload[i] = byte(n + i)
		}
		begun.Store(int64(n) + 1)
		if err := s.Queue.Put(ctx, Item{s.Me, n, payload, crc32.ChecksumIEEE(payload)}); err != nil {
			return none, err
		}
		sharedctypes.Add(put, 1)
	}
	return none, nil
}

// consumeItems gets items and notes which it has got.
func consumeItems(ctx context.Context, s Shared) (none struct{}, err error) {
	for {
		item, err := s.Queue.Get(ctx)
		if err != nil {
			return none, err
		}
		if item.Producer < 0 { // the end
			return none, nil
		}
		if crc32.ChecksumIEEE(item.Payload) != item.Sum {
			sharedctypes.Add(s.Torn, 1)
		}
		seen, err := s.Seen.Elem(item.Producer*mostItems + item.Number)
		if err != nil {
			return none, err
		}
		sharedctypes.Add(seen, 1)
		if err := count(ctx, s); err != nil {
			return none, err
		}
	}
}

// count adds 1 to both numbers under the lock, and puts right what somebody who
// was killed in between has left.
func count(ctx context.Context, s Shared) error {
	err := s.Lock.Acquire(ctx)
	if err != nil && !errors.Is(err, multiprocessing.ErrOwnerDied) {
		return err
	}
	defer s.Lock.Release()
	a, _ := s.Counter.At(0)
	b, _ := s.Counter.At(1)
	if a != b {
		if err == nil {
			return fmt.Errorf("the counters are %d and %d, and nobody has died", a, b)
		}
		s.Repairs.Store(s.Repairs.Load() + 1)
	}
	s.Counter.SetAt(0, a+1)
	s.Counter.SetAt(1, a+1)
	return nil
}

func run(ctx context.Context) error {
	flag.Parse()
	s, err := share()
	if err != nil {
		return err
	}
	defer s.Queue.Close()

	// The processes: producers first.
	var procs [producers + consumers]*multiprocessing.Process
	hire := func(i int) (err error) {
		s := s
		s.Me = i
		target := produce.Bind(s)
		if i >= producers {
			target = consume.Bind(s)
		}
		procs[i], err = multiprocessing.Go(ctx, target, multiprocessing.WithDaemon(true))
		return err
	}
	for i := range procs {
		if err := hire(i); err != nil {
			return err
		}
	}

	killed := [2]int{}
	for range *kills {
		time.Sleep(time.Duration(rand.IntN(5000)) * time.Microsecond)
		i := rand.IntN(len(procs))
		if err := procs[i].Kill(); err != nil {
			return err
		}
		if err := procs[i].Join(ctx); err != nil {
			return err
		}
		if code, _ := procs[i].ExitCode(); code == -9 {
			killed[i/producers]++
		}
		if err := hire(i); err != nil {
			return err
		}
	}

	// The end: producers stop, then consumers find that there is no more.
	s.Stop.Set()
	for _, p := range procs[:producers] {
		if err := p.Join(ctx); err != nil {
			return err
		}
	}
	for range consumers {
		if err := s.Queue.Put(ctx, Item{Producer: -1}); err != nil {
			return err
		}
	}
	for _, p := range procs[producers:] {
		if err := errors.Join(p.Join(ctx), p.Err()); err != nil {
			return err
		}
	}
	return report(s, killed)
}

func share() (s Shared, err error) {
	var errs [9]error
	s.Queue, errs[0] = multiprocessing.NewQueue[Item](1000)
	s.Stop, errs[1] = multiprocessing.NewEvent()
	s.Lock, errs[2] = multiprocessing.NewLock()
	s.Counter, errs[3] = sharedctypes.NewRawArray[int64](2)
	s.Repairs, errs[4] = sharedctypes.NewRawValue[int64](0)
	s.Begun, errs[5] = sharedctypes.NewRawArray[int64](producers)
	s.Put, errs[6] = sharedctypes.NewRawArray[int64](producers)
	s.Seen, errs[7] = sharedctypes.NewRawArray[uint32](producers * mostItems)
	s.Torn, errs[8] = sharedctypes.NewRawValue[int64](0)
	return s, errors.Join(errs[:]...)
}

// report counts what has arrived. An item may be missing if its producer was
// killed while putting it, or its consumer before it had noted it: at most one
// for each kill.
func report(s Shared, killed [2]int) error {
	var begun, got, missing, twice int64
	for p := range producers {
		n, err := s.Begun.At(p)
		if err != nil {
			return err
		}
		begun += n
		for i := range n {
			switch seen, err := s.Seen.At(p*mostItems + int(i)); {
			case err != nil:
				return err
			case seen == 0:
				missing++
			case seen == 1:
				got++
			default:
				twice++
			}
		}
	}
	a, _ := s.Counter.At(0)
	b, _ := s.Counter.At(1)
	fmt.Printf("killed   %d producers and %d consumers by SIGKILL\n", killed[0], killed[1])
	fmt.Printf("queue    %d items, %d arrived once, %d twice, %d torn, %d went with those who were killed\n",
		begun, got, twice, s.Torn.Load(), missing)
	fmt.Printf("lock     %d repairs of what a killed holder had left half done\n", s.Repairs.Load())
	switch {
	case twice > 0 || s.Torn.Load() > 0:
		return errors.New("items came twice, or torn")
	case missing > int64(killed[0]+killed[1]):
		return errors.New("more items are missing than processes were killed")
	case a != b:
		return fmt.Errorf("the counters are %d and %d", a, b)
	}
	return nil
}
