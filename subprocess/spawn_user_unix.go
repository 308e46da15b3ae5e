//go:build unix

package subprocess

import (
	"bufio"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// This file finds the numbers of users and groups. It reads /etc/passwd and
// /etc/group: package os/user would bring the C library into every program that
// is built with cgo. Who is known to a directory service alone is to be given
// by number.

// credential is whom a program runs as, nil for us.
func credential(u *Unix) (*syscall.Credential, error) {
	if u.User == "" && u.Group == "" && u.ExtraGroups == nil {
		return nil, nil
	}
	c := &syscall.Credential{Uid: uint32(os.Geteuid()), Gid: uint32(os.Getegid()), NoSetGroups: u.ExtraGroups == nil}
	var err error
	if u.User != "" {
		if c.Uid, err = lookUp("Unix.User", "user", "/etc/passwd", u.User); err != nil {
			return nil, err
		}
	}
	if u.Group != "" {
		if c.Gid, err = lookUp("Unix.Group", "group", "/etc/group", u.Group); err != nil {
			return nil, err
		}
	}
	for i, name := range u.ExtraGroups {
		gid, err := lookUp("Unix.ExtraGroups["+strconv.Itoa(i)+"]", "group", "/etc/group", name)
		if err != nil {
			return nil, err
		}
		c.Groups = append(c.Groups, gid)
	}
	return c, nil
}

// lookUp returns the number of a user or a group, the third field of its line in
// the file. A name of digits is the number.
func lookUp(field, what, file, name string) (uint32, error) {
	if n, err := strconv.ParseInt(name, 10, 64); err == nil {
		// The highest number means no change to the system.
		if n < 0 || n >= 1<<32-1 {
			return 0, bad(field, "%s: the number of a %s is from 0 to %d", name, what, uint32(1<<32-2))
		}
		return uint32(n), nil
	}
	f, err := os.Open(file)
	if err != nil {
		return 0, bad(field, "%q cannot be looked up: give the number: %w", name, err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		fields := strings.Split(s.Text(), ":")
		if len(fields) < 3 || fields[0] != name {
			continue
		}
		if n, err := strconv.ParseUint(fields[2], 10, 32); err == nil {
			return uint32(n), nil
		}
	}
	return 0, bad(field, "no %s %q in %s: give the number of one that only a directory service knows", what, name, file)
}
