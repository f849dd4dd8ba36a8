package main

import "time"

// packet is on its way; due counts from the relay's start.
type packet struct {
	due      time.Duration
	sequence uint64
	from, to int
	data     []byte
}

// queue orders packets by their time of arrival, those of equal time by their time of departure (a binary heap).
type queue struct {
	heap     []packet
	sequence uint64
}

func (q *queue) empty() bool    { return len(q.heap) == 0 }
func (q *queue) first() *packet { return &q.heap[0] }

func (q *queue) push(p packet) {
	q.sequence++
	p.sequence = q.sequence
	q.heap = append(q.heap, p)
	for i := len(q.heap) - 1; i > 0; {
		parent := (i - 1) / 2
		if !q.before(i, parent) {
			return
		}
		q.heap[i], q.heap[parent] = q.heap[parent], q.heap[i]
		i = parent
	}
}

func (q *queue) pop() packet {
	top, last := q.heap[0], len(q.heap)-1
	q.heap[0] = q.heap[last]
	q.heap[last] = packet{}
	q.heap = q.heap[:last]
	for i := 0; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < last; child++ {
			if q.before(child, least) {
				least = child
			}
		}
		if least == i {
			return top
		}
		q.heap[i], q.heap[least] = q.heap[least], q.heap[i]
		i = least
	}
}

func (q *queue) before(i, j int) bool {
	if q.heap[i].due != q.heap[j].due {
		return q.heap[i].due < q.heap[j].due
	}
	return q.heap[i].sequence < q.heap[j].sequence
}

const (
	bufferSize = 2048 // holds what an ordinary MTU lets through; larger packets get their own memory
	sparesKept = 4096
)

// buffers keeps packet memory for reuse, so that the garbage collector has nothing to do under load.
type buffers struct{ spare [][]byte }

func (b *buffers) copyOf(data []byte) []byte {
	if n := len(b.spare); n > 0 && len(data) <= bufferSize {
		buffer := b.spare[n-1][:len(data)]
		b.spare = b.spare[:n-1]
		copy(buffer, data)
		return buffer
	}
	buffer := make([]byte, len(data), max(len(data), bufferSize))
	copy(buffer, data)
	return buffer
}

func (b *buffers) giveBack(data []byte) {
	if cap(data) == bufferSize && len(b.spare) < sparesKept {
		b.spare = append(b.spare, data)
	}
}
