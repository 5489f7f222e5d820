// SPDX-License-Identifier: BSD-3-Clause
// Go's net/http against kitchen_sink: go run tls_go.go BASE CA
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

func must(fine bool, what ...any) {
	if !fine {
		fmt.Println(what...)
		os.Exit(1)
	}
}

func main() {
	base := os.Args[1]
	pem, err := os.ReadFile(os.Args[2])
	must(err == nil, err)
	roots := x509.NewCertPool()
	must(roots.AppendCertsFromPEM(pem), "no certificate in", os.Args[2])
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		transport := &http.Transport{TLSClientConfig: &tls.Config{
			RootCAs: roots, MaxVersion: version, ClientSessionCache: tls.NewLRUClientSessionCache(8)}}
		client := http.Client{Transport: transport}
		ask := func(method, path string, body []byte) string {
			request, err := http.NewRequest(method, base+path, bytes.NewReader(body))
			must(err == nil, err)
			answer, err := client.Do(request)
			must(err == nil, err)
			defer answer.Body.Close()
			text, err := io.ReadAll(answer.Body)
			must(err == nil && answer.StatusCode == 200, answer.Status, err)
			return string(text)
		}
		for i := 0; i < 10; i++ {
			must(ask("GET", "/hello", nil) == "Hello, world!", "hello")
		}
		large := bytes.Repeat([]byte("perron"), 100000)
		must(ask("POST", "/echo", large) == string(large), "echo")
		transport.CloseIdleConnections()
		must(strings.Contains(ask("GET", "/tls", nil), "resumed"), "not resumed")
		transport.CloseIdleConnections()
	}
}
