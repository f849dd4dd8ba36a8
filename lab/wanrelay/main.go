// Command wanrelay is a WAN in user space: it attaches to one tun device in each place's network namespace and passes
// IPv4 and IPv6 packets between them by destination prefix, after a delay, with loss. (The kernels that the lab runs
// on need not have netem.)
//
//	wanrelay CONFIG
//
// CONFIG is JSON, see config.go. SIGHUP re-reads the links; places are fixed for the process's life.
package main

import (
	"log"
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

func main() {
	log.SetFlags(log.LstdFlags | log.Lmicroseconds)
	if len(os.Args) != 2 {
		log.Fatal("usage: wanrelay CONFIG")
	}
	file := os.Args[1]
	config, err := readConfig(file)
	if err != nil {
		log.Fatal(err)
	}
	devices := make([]int, len(config.Places))
	for i, place := range config.Places {
		if devices[i], err = attach(place.Netns, place.Device); err != nil {
			log.Fatalf("place %s: %v", place.Name, err)
		}
	}
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		log.Fatalf("eventfd: %v", err)
	}
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, unix.SIGHUP)
	go func() {
		for range hangups {
			// The relay sleeps in ppoll: writing to the eventfd ends that.
			if _, err := unix.Write(wake, []byte{1, 0, 0, 0, 0, 0, 0, 0}); err != nil {
				log.Printf("wake: %v", err)
			}
		}
	}()
	log.Printf("%d places", len(devices))
	log.Fatal(newRelay(config, devices, wake).run(file))
}
