// SPDX-License-Identifier: BSD-3-Clause

// The process workloads of bench/README.md as a Go programmer would write them.
//
//	bench <workload> [count]
//
// A process is a goroutine with a channel of its own, a monitor is a done channel per goroutine.
package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	batchSize    = 1000
	ringSize     = 1000
	backlogSize  = 10000
	senderCount  = 4
	mailboxBound = 1024
)

type workload struct {
	defaultCount int
	run          func(name string, count int)
}

var workloads = map[string]workload{
	"spawn":                  {1000000, timed(spawn)},
	"spawn_monitor":          {500000, timed(spawnMonitor)},
	"roundtrip_local":        {1000000, onWorkers(1, timed(roundtrip))},
	"roundtrip_free":         {1000000, timed(roundtrip)},
	"roundtrip_cross":        {1000000, timed(roundtrip)},
	"roundtrip_cross_locked": {200000, timed(roundtripLocked)},
	"senders":                {1000000, timed(senders)},
	"ring":                   {1000000, ring},
	"selective":              {5000, selective},
	"parked_bytes":           {1000000, parkedBytes},
	"wake":                   {1000000, wake},
}

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: bench <workload> [count]")
		os.Exit(2)
	}
	chosen, known := workloads[os.Args[1]]
	if !known {
		fmt.Fprintln(os.Stderr, "no workload", os.Args[1])
		os.Exit(2)
	}
	count := chosen.defaultCount
	if len(os.Args) > 2 {
		if n, err := strconv.Atoi(os.Args[2]); err == nil && n > 0 {
			count = n
		}
	}
	runtime.GOMAXPROCS(2)
	chosen.run(os.Args[1], count)
}

func cpuTime() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

type stopwatch struct {
	wall time.Time
	cpu  time.Duration
}

func start() stopwatch { return stopwatch{time.Now(), cpuTime()} }

func (s stopwatch) report(name string, operations int) {
	wall, cpu := time.Since(s.wall), cpuTime()-s.cpu
	fmt.Printf("result %s %.1f ns\n", name, float64(wall.Nanoseconds())/float64(operations))
	fmt.Printf("result %s_cpu %.1f ns\n", name, float64(cpu.Nanoseconds())/float64(operations))
}

func timed(body func(count int)) func(string, int) {
	return func(name string, count int) {
		body(count/10 + 1)
		watch := start()
		body(count)
		watch.report(name, count)
	}
}

func onWorkers(workers int, run func(string, int)) func(string, int) {
	return func(name string, count int) {
		runtime.GOMAXPROCS(workers)
		run(name, count)
	}
}

func spawn(count int) {
	done := make(chan struct{})
	for count > 0 {
		batch := batchSize
		if count < batch {
			batch = count
		}
		left := int64(batch)
		for i := 0; i < batch; i++ {
			go func() {
				if atomic.AddInt64(&left, -1) == 0 {
					done <- struct{}{}
				}
			}()
		}
		<-done
		count -= batch
	}
}

func spawnMonitor(count int) {
	for i := 0; i < count; i++ {
		down := make(chan struct{})
		go func() { close(down) }()
		<-down
	}
}

func echo(requests <-chan int, replies chan<- int) {
	for request := range requests {
		replies <- request
	}
}

func roundtrip(count int) {
	requests, replies := make(chan int), make(chan int)
	go echo(requests, replies)
	for i := 0; i < count; i++ {
		requests <- i
		<-replies
	}
	close(requests)
}

func roundtripLocked(count int) {
	requests, replies := make(chan int), make(chan int)
	go func() {
		runtime.LockOSThread()
		echo(requests, replies)
	}()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for i := 0; i < count; i++ {
		requests <- i
		<-replies
	}
	close(requests)
}

func senders(count int) {
	mailbox := make(chan int, mailboxBound)
	share := count / senderCount
	for s := 0; s < senderCount; s++ {
		go func() {
			for i := 0; i < share; i++ {
				mailbox <- i
			}
		}()
	}
	for i := 0; i < share*senderCount; i++ {
		<-mailbox
	}
}

func ring(name string, hops int) {
	rounds := hops / ringSize
	first := make(chan int)
	in := first
	for i := 1; i < ringSize; i++ {
		out := make(chan int)
		go func(in <-chan int, out chan<- int) {
			for token := range in {
				out <- token
			}
			close(out)
		}(in, out)
		in = out
	}
	turn := func(rounds int) {
		for i := 0; i < rounds; i++ {
			first <- i
			<-in
		}
	}
	turn(rounds/10 + 1)
	watch := start()
	turn(rounds)
	watch.report(name, rounds*ringSize)
}

type tagged struct {
	wanted bool
	value  int
}

// A channel has no selective receive. This is what a Go program with the same rule does: it keeps what it
// does not want yet in a slice of its own, and looks through that slice first.
type mailbox struct {
	incoming chan tagged
	deferred []tagged
}

func (m *mailbox) receiveWanted() tagged {
	for i, message := range m.deferred {
		if message.wanted {
			m.deferred = append(m.deferred[:i], m.deferred[i+1:]...)
			return message
		}
	}
	for {
		message := <-m.incoming
		if message.wanted {
			return message
		}
		m.deferred = append(m.deferred, message)
	}
}

func selective(name string, count int) {
	box := mailbox{incoming: make(chan tagged, 2*backlogSize)}
	for i := 0; i < backlogSize; i++ {
		box.incoming <- tagged{false, i}
	}
	requests := make(chan int)
	go func() {
		for request := range requests {
			box.incoming <- tagged{true, request}
		}
	}()
	ask := func(count int) {
		for i := 0; i < count; i++ {
			requests <- i
			box.receiveWanted()
		}
	}
	ask(count/10 + 1)
	watch := start()
	ask(count)
	watch.report(name, count)
}

func residentBytes() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for _, line := range bytes.Split(status, []byte("\n")) {
		if fields := bytes.Fields(line); len(fields) > 1 && string(fields[0]) == "VmRSS:" {
			kib, _ := strconv.ParseInt(string(fields[1]), 10, 64)
			return kib * 1024
		}
	}
	return 0
}

// park starts count goroutines, each waiting on its own channel; each received value is counted, and the
// last of a full round is told on the second channel.
func park(count int) ([]chan int, <-chan struct{}) {
	inboxes := make([]chan int, count)
	all := make(chan struct{})
	parked := make(chan struct{})
	left, awake := int64(count), int64(count)
	for i := range inboxes {
		inbox := make(chan int)
		inboxes[i] = inbox
		go func() {
			if atomic.AddInt64(&left, -1) == 0 {
				close(parked)
			}
			for range inbox {
				if atomic.AddInt64(&awake, -1) == 0 {
					all <- struct{}{}
				}
			}
		}()
	}
	<-parked
	return inboxes, all
}

func parkedBytes(name string, count int) {
	runtime.GC()
	before := residentBytes()
	inboxes, _ := park(count)
	runtime.GC()
	after := residentBytes()
	fmt.Printf("result %s %.1f bytes\n", name, float64(after-before)/float64(count))
	runtime.KeepAlive(inboxes)
}

func wake(name string, count int) {
	inboxes, all := park(count)
	runtime.GC()
	watch := start()
	for i, inbox := range inboxes {
		inbox <- i
	}
	<-all
	watch.report(name, count)
}
