// A server and a client of net/http.
//
//	web serve CERTIFICATE KEY: says its port; answers with the protocol, the path and the size of what it was sent
//	web call PORT PROTOCOL: waits for a line on stdin; then 8 goroutines make 5 requests each, by h2 or http/1.1
package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	if os.Args[1] == "serve" {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		check(err)
		fmt.Println(listener.Addr().(*net.TCPAddr).Port)
		http.HandleFunc("/", func(answer http.ResponseWriter, request *http.Request) {
			body, err := io.ReadAll(request.Body)
			check(err)
			fmt.Fprintf(answer, "%s %s %d", request.Proto, request.URL.Path, len(body))
		})
		check(http.ServeTLS(listener, nil, os.Args[2], os.Args[3]))
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: os.Args[3] == "h2"}
	client := http.Client{Transport: transport}
	fmt.Scanln()
	var all sync.WaitGroup
	for i := 0; i < 8; i++ {
		all.Add(1)
		go func(number int) {
			for j := 0; j < 5; j++ {
				answer, err := client.Get(fmt.Sprintf("https://localhost:%s/%d/%d", os.Args[2], number, j))
				check(err)
				io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
			}
			all.Done()
		}(i)
	}
	all.Wait()
	transport.CloseIdleConnections()
}
