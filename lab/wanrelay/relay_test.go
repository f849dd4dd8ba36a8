package main

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"
)

func TestPacketsLeaveInTheOrderOfTheirTimesAndEqualOnesAsTheyCame(t *testing.T) {
	var q queue
	for i := range 1000 {
		q.push(packet{due: time.Duration(rand.IntN(20)), from: i})
	}
	last := q.pop()
	for !q.empty() {
		next := q.pop()
		if next.due < last.due || (next.due == last.due && next.from < last.from) {
			t.Fatalf("packet %d, due %d, came after packet %d, due %d", next.from, next.due, last.from, last.due)
		}
		last = next
	}
}

func TestAPacketGoesWhereItsDestinationLies(t *testing.T) {
	c := &config{Places: []place{
		{Name: "a", Prefixes: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}},
		{Name: "b", Prefixes: []netip.Prefix{
			netip.MustParsePrefix("203.0.113.8/32"), netip.MustParsePrefix("2001:db8::/32"),
		}},
	}}
	r := newRelay(c, []int{-1, -1}, -1)
	four := func(address string) []byte {
		p := make([]byte, 20)
		p[0] = 0x45
		copy(p[16:], netip.MustParseAddr(address).AsSlice())
		return p
	}
	six := func(address string) []byte {
		p := make([]byte, 40)
		p[0] = 0x60
		copy(p[24:], netip.MustParseAddr(address).AsSlice())
		return p
	}
	for _, example := range []struct {
		name   string
		packet []byte
		place  int
	}{
		{"in the first prefix", four("192.0.2.200"), 0},
		{"the one address", four("203.0.113.8"), 1},
		{"beside the one address", four("203.0.113.9"), -1},
		{"IPv6", six("2001:db8::1"), 1},
		{"unknown IPv6", six("fe80::1"), -1},
		{"cut off", four("192.0.2.1")[:19], -1},
		{"cut off IPv6", six("2001:db8::1")[:39], -1},
		{"neither version", make([]byte, 40), -1},
		{"empty", nil, -1},
	} {
		if got := r.destination(example.packet); got != example.place {
			t.Errorf("%s: place %d, not %d", example.name, got, example.place)
		}
	}
}

func TestLinksHoldBothWaysAndUnknownPlacesAreRefused(t *testing.T) {
	places := []place{{Name: "a"}, {Name: "b"}, {Name: "c"}}
	table, err := paths(places, []link{{Between: [2]string{"c", "a"}, DelayMs: 2.5, LossPercent: 10, LostAbove: 1400}})
	if err != nil {
		t.Fatal(err)
	}
	want := path{2500 * time.Microsecond, 0.1, 1400}
	if table[0][2] != want || table[2][0] != want || table[0][1] != (path{}) {
		t.Errorf("got %v", table)
	}
	if _, err := paths(places, []link{{Between: [2]string{"a", "nowhere"}}}); err == nil {
		t.Error("a link to nowhere was taken")
	}
}

func TestPacketsAboveALimitAreLostAndNoneWithoutOne(t *testing.T) {
	thin := path{lostAbove: 1400}
	if thin.loses(1400) || !thin.loses(1401) || (path{}).loses(65535) {
		t.Error("the limit is the largest packet that is delivered, and none is the default")
	}
}

func TestBufferMemoryIsReusedAndNeverShared(t *testing.T) {
	var b buffers
	first := b.copyOf([]byte("first"))
	b.giveBack(first)
	second := b.copyOf([]byte("other, longer"))
	third := b.copyOf([]byte("third"))
	if &first[0] != &second[0] {
		t.Error("memory given back was not used again")
	}
	if string(second) != "other, longer" || string(third) != "third" {
		t.Errorf("got %q and %q", second, third)
	}
}
