// SPDX-License-Identifier: BSD-3-Clause

// Go's net/http answering /hello, /sleep?ms=N, which waits, and /spin?ms=N, which burns CPU without giving way of
// its own.
package main

import (
	"io"
	"log"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"time"
)

func hello(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain")
	io.WriteString(w, "Hello, world!")
}

func sleep(w http.ResponseWriter, r *http.Request) {
	ms, _ := strconv.Atoi(r.URL.Query().Get("ms"))
	time.Sleep(time.Duration(ms) * time.Millisecond)
	hello(w, r)
}

func spin(w http.ResponseWriter, r *http.Request) {
	ms, _ := strconv.Atoi(r.URL.Query().Get("ms"))
	for end := time.Now().Add(time.Duration(ms) * time.Millisecond); time.Now().Before(end); {
	}
	hello(w, r)
}

func main() {
	runtime.GOMAXPROCS(2)
	http.HandleFunc("/hello", hello)
	http.HandleFunc("/sleep", sleep)
	http.HandleFunc("/spin", spin)
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil))
}
