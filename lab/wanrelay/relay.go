package main

import (
	"errors"
	"fmt"
	"log"
	"math/rand/v2"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

const (
	batch      = 64   // packets read from one device before the others have their turn
	queueLimit = 8192 // packets on their way from one place to another: 25 ms of 4 Gbit/s
	packetSize = 65536
)

type relay struct {
	places  []place
	devices []int
	wake    int
	routes  []route
	paths   [][]path
	queued  [][]int // packets on their way, by source and destination
	queue   queue
	buffers buffers
	start   time.Time
}

type route struct {
	prefix netip.Prefix
	place  int
}

func newRelay(c *config, devices []int, wake int) *relay {
	r := &relay{places: c.Places, devices: devices, wake: wake, start: time.Now(), queued: make([][]int, len(devices))}
	for i, p := range c.Places {
		r.queued[i] = make([]int, len(devices))
		for _, prefix := range p.Prefixes {
			r.routes = append(r.routes, route{prefix, i})
		}
	}
	return r
}

// run passes packets until a system call fails in a way that should not happen.
func (r *relay) run(file string) error {
	if err := r.reload(file); err != nil {
		return err
	}
	polled := make([]unix.PollFd, 0, len(r.devices)+1)
	for _, fd := range r.devices {
		polled = append(polled, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
	}
	polled = append(polled, unix.PollFd{Fd: int32(r.wake), Events: unix.POLLIN})
	scratch := make([]byte, packetSize)
	for {
		r.deliver()
		if _, err := unix.Ppoll(polled, r.untilNext(), nil); err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("ppoll: %w", err)
		}
		for i, fd := range r.devices {
			if polled[i].Revents&unix.POLLIN != 0 {
				r.receive(i, fd, scratch)
			} else if polled[i].Revents != 0 {
				return fmt.Errorf("device of place %d is gone", i)
			}
		}
		if polled[len(r.devices)].Revents != 0 {
			_, _ = unix.Read(r.wake, scratch[:8])
			if err := r.reload(file); err != nil {
				log.Printf("kept the old links: %v", err)
			}
		}
	}
}

// reload takes the links of the file; what is on its way already keeps its time of arrival.
func (r *relay) reload(file string) error {
	c, err := readConfig(file)
	if err != nil {
		return err
	}
	table, err := paths(r.places, c.Links)
	if err != nil {
		return err
	}
	r.paths = table
	log.Print("links read")
	return nil
}

// receive takes packets from a place and sends each on its way.
func (r *relay) receive(from, fd int, scratch []byte) {
	now := time.Since(r.start)
	for range batch {
		n, err := unix.Read(fd, scratch)
		if err != nil || n <= 0 {
			return // EAGAIN: none left; any other error shows in the next poll
		}
		to := r.destination(scratch[:n])
		if to < 0 || to == from {
			continue
		}
		p := r.paths[from][to]
		if p.loses(n) || (p.loss > 0 && rand.Float64() < p.loss) || r.queued[from][to] >= queueLimit {
			continue
		}
		r.queued[from][to]++
		data := r.buffers.copyOf(scratch[:n])
		r.queue.push(packet{due: now + p.delay, from: from, to: to, data: data})
	}
}

// deliver writes the packets whose time has come.
func (r *relay) deliver() {
	if r.queue.empty() {
		return
	}
	now := time.Since(r.start)
	for !r.queue.empty() && r.queue.first().due <= now {
		p := r.queue.pop()
		r.queued[p.from][p.to]--
		// A device that is down or full loses the packet, as a real one does.
		_, _ = unix.Write(r.devices[p.to], p.data)
		r.buffers.giveBack(p.data)
	}
}

// untilNext returns how long nothing is due; nil means until a packet comes.
func (r *relay) untilNext() *unix.Timespec {
	if r.queue.empty() {
		return nil
	}
	t := unix.NsecToTimespec(max(0, (r.queue.first().due - time.Since(r.start)).Nanoseconds()))
	return &t
}

// destination returns the index of the place that a packet is for, -1 when no prefix has it.
func (r *relay) destination(p []byte) int {
	var address netip.Addr
	switch {
	case len(p) >= 20 && p[0]>>4 == 4:
		address = netip.AddrFrom4([4]byte(p[16:20]))
	case len(p) >= 40 && p[0]>>4 == 6:
		address = netip.AddrFrom16([16]byte(p[24:40]))
	default:
		return -1
	}
	for _, route := range r.routes {
		if route.prefix.Contains(address) {
			return route.place
		}
	}
	return -1
}
