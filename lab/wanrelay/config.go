package main

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"time"
)

// place is a router or the operator: a tun device in a network namespace, and what is behind it.
type place struct {
	Name     string         `json:"name"`
	Netns    string         `json:"netns"` // a file, such as /run/netns/NAME
	Device   string         `json:"device"`
	Prefixes []netip.Prefix `json:"prefixes"`
}

// link is the path between two places, alike in both directions.
type link struct {
	Between     [2]string `json:"between"`
	DelayMs     float64   `json:"delay_ms"` // one way
	LossPercent float64   `json:"loss_percent"`
	LostAbove   int       `json:"lost_above"` // bytes of an IP packet; 0: none is too big
}

type config struct {
	Places []place `json:"places"`
	Links  []link  `json:"links"`
}

// path is a link as the relay uses it.
type path struct {
	delay     time.Duration
	loss      float64 // 0 to 1
	lostAbove int     // bytes; 0: none is too big
}

// loses tells whether a packet of that size is never delivered.
func (p path) loses(size int) bool { return p.lostAbove > 0 && size > p.lostAbove }

func readConfig(file string) (*config, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var c config
	if err := json.Unmarshal(raw, &c); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return &c, nil
}

// paths returns the paths by the indices of the places. A pair without a link has no delay and no loss.
func paths(places []place, links []link) ([][]path, error) {
	index := make(map[string]int, len(places))
	table := make([][]path, len(places))
	for i, p := range places {
		index[p.Name] = i
		table[i] = make([]path, len(places))
	}
	for _, l := range links {
		a, okA := index[l.Between[0]]
		b, okB := index[l.Between[1]]
		if !okA || !okB {
			return nil, fmt.Errorf("link between %s and %s: no such place", l.Between[0], l.Between[1])
		}
		p := path{time.Duration(l.DelayMs * float64(time.Millisecond)), l.LossPercent / 100, l.LostAbove}
		table[a][b], table[b][a] = p, p
	}
	return table, nil
}
