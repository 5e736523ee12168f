#!/bin/bash
# Go's net/http never writes a client's request, nor reads its response, in the goroutine that asked for it: each connection
# has two goroutines of its own (writeLoop and readLoop of net/http/transport.go). So whoever sees a write of a Go program, with the
# goroutine that made it, does not learn which handler it belongs to, as one learns it from the thread of a program with
# threads: one has to follow the request through the channel between the two.
#
#   10 requests by 10 goroutines; written by 1, read by 1 goroutines; by those that asked: 0
#
# Go 1.19.8 of Debian 12. Needs apt-get and dpkg; fails when that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

apt-get download -qq golang-1.19-go=1.19.8-2 golang-1.19-src=1.19.8-2 2>/dev/null
for package in *.deb; do dpkg -x "$package" root; done
export GOROOT=$folder/root/usr/lib/go-1.19 GOCACHE=$folder/cache GOPATH=$folder/path CGO_ENABLED=0 GO111MODULE=off

cat >main.go <<'GO'
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
)

// The number of the goroutine that calls, from the first line of its stack: "goroutine 18 [running]:".
func number() string {
	line := make([]byte, 64)
	line = line[:runtime.Stack(line, false)]
	return string(bytes.Fields(line)[1])
}

type numbers struct {
	sync.Mutex
	seen map[string]bool
}

func (n *numbers) note() {
	n.Lock()
	n.seen[number()] = true
	n.Unlock()
}

var asked, written, read = numbers{seen: map[string]bool{}}, numbers{seen: map[string]bool{}}, numbers{seen: map[string]bool{}}

type noted struct{ net.Conn }

func (c noted) Write(b []byte) (int, error) {
	written.note()
	return c.Conn.Write(b)
}

func (c noted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		read.note()
	}
	return n, err
}

func main() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }))
	defer server.Close()
	transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		return noted{conn}, err
	}}
	client := &http.Client{Transport: transport}
	requests := 0
	for i := 0; i < 10; i++ { // one behind the other, over one connection
		done := make(chan bool)
		go func() {
			asked.note()
			response, err := client.Get(server.URL)
			if err == nil {
				io.Copy(io.Discard, response.Body)
				response.Body.Close()
				requests++
			}
			close(done)
		}()
		<-done
	}
	own := 0
	for goroutine := range asked.seen {
		if written.seen[goroutine] || read.seen[goroutine] {
			own++
		}
	}
	fmt.Printf("%d requests by %d goroutines; written by %d, read by %d goroutines; by those that asked: %d\n",
		requests, len(asked.seen), len(written.seen), len(read.seen), own)
}
GO
"$GOROOT/bin/go" version
found=$("$GOROOT/bin/go" run main.go)
echo "$found"
[ "$found" = "10 requests by 10 goroutines; written by 1, read by 1 goroutines; by those that asked: 0" ] || {
    echo "that has changed"
    exit 1
}
