package managers

import (
	"github.com/conexgo/conex/threading"
)

// EventType is threading.Event().
var EventType = newType(eventClass, func(c *call) (any, error) {
	if _, err := sigEvent.bind(c); err != nil {
		return nil, err
	}
	return new(threading.Event), nil
})

var eventClass = &class{
	name: "threading.Event",
	methods: map[string]method{
		"is_set": func(c *call, self any) (any, error) {
			if _, err := sigIsSet.bind(c); err != nil {
				return nil, err
			}
			return self.(*threading.Event).IsSet(), nil
		},
		"set": func(c *call, self any) (any, error) {
			if _, err := sigSet.bind(c); err != nil {
				return nil, err
			}
			self.(*threading.Event).Set()
			return nil, nil
		},
		"clear": func(c *call, self any) (any, error) {
			if _, err := sigClear.bind(c); err != nil {
				return nil, err
			}
			self.(*threading.Event).Clear()
			return nil, nil
		},
		"wait": func(c *call, self any) (any, error) {
			got, err := sigWait.bind(c)
			if err != nil {
				return nil, err
			}
			e := self.(*threading.Event)
			if e.IsSet() {
				return true, nil
			}
			sp, err := patienceOf(got[0])
			if err != nil || sp.limited && sp.d == 0 {
				return false, err
			}
			ok, err := c.within(sp, e.Wait)
			return ok, err
		},
	},
	exposed: []string{"is_set", "set", "clear", "wait"},
	repr: func(self any) string {
		state := "unset"
		if self.(*threading.Event).IsSet() {
			state = "set"
		}
		return "<threading.Event at " + address(self) + ": " + state + ">"
	},
}

var (
	sigEvent = sign("Event")
	sigIsSet = sign("is_set")
	sigSet   = sign("set")
	sigClear = sign("clear")
	sigWait  = sign("wait", "timeout=None")
)
