package main

import (
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

// attach opens the existing tun device of a network namespace for packets without a header before them, non-blocking.
func attach(netns, device string) (int, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	home, err := unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("own network namespace: %w", err)
	}
	defer unix.Close(home)
	there, err := unix.Open(netns, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("%s: %w", netns, err)
	}
	defer unix.Close(there)
	if err := unix.Setns(there, unix.CLONE_NEWNET); err != nil {
		return -1, fmt.Errorf("enter %s: %w", netns, err)
	}
	fd, err := openTun(device)
	if back := unix.Setns(home, unix.CLONE_NEWNET); back != nil {
		return -1, fmt.Errorf("leave %s: %w", netns, back)
	}
	return fd, err
}

func openTun(device string) (int, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("/dev/net/tun: %w", err)
	}
	request, err := unix.NewIfreq(device)
	if err == nil {
		request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		err = unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
	}
	if err != nil {
		unix.Close(fd)
		return -1, fmt.Errorf("attach to %s: %w", device, err)
	}
	return fd, nil
}
