package wait

import "golang.org/x/sys/unix"

// recvFlags makes received descriptors close-on-exec from the start.
const recvFlags = unix.MSG_CMSG_CLOEXEC
