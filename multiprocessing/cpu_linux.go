package multiprocessing

import (
	"os"
	"strconv"
	"strings"
)

func onlineCPUs() int {
	b, err := os.ReadFile("/sys/devices/system/cpu/online")
	if err != nil {
		return 0
	}
	return countCPUs(strings.TrimSpace(string(b)))
}

// countCPUs counts a list of ranges, such as 0-3,6,8-11: 0 if it is none.
func countCPUs(list string) (n int) {
	for r := range strings.SplitSeq(list, ",") {
		from, to, isRange := strings.Cut(r, "-")
		if !isRange {
			to = from
		}
		a, err1 := strconv.ParseUint(from, 10, 20)
		b, err2 := strconv.ParseUint(to, 10, 20)
		if err1 != nil || err2 != nil || b < a {
			return 0
		}
		n += int(b-a) + 1
	}
	return n
}
