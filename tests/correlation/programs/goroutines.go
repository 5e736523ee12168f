// A server and clients over Go's crypto/tls, whose plaintext names its own connection. Goroutines go on in other threads all the
// time, and their stacks grow and are shrunk.
//
//	goroutines server PORT CERTIFICATE KEY
//	goroutines client PORT CONNECTIONS ROUNDS [UNTIL]     rounds of a question and its answer; UNTIL: until that file is there
package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"
)

const size = 400 // bytes of a message

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// deeper needs some 1 KiB of stack for each level, and gives the processor away at the deepest.
func deeper(level int) byte {
	var room [1024]byte
	if level == 0 {
		runtime.Gosched()
		return room[0]
	}
	room[level] = 1
	return deeper(level-1) + room[0]
}

func message(client, server net.Addr) []byte {
	return []byte(fmt.Sprintf("%-*s", size, fmt.Sprintf("GT[client=%s,server=%s]", client, server)))
}

func serve(port, certificate, key string) {
	pair, err := tls.LoadX509KeyPair(certificate, key)
	check(err)
	listener, err := tls.Listen("tcp", "127.0.0.1:"+port, &tls.Config{Certificates: []tls.Certificate{pair}})
	check(err)
	for {
		conn, err := listener.Accept()
		check(err)
		go func() {
			defer conn.Close()
			answer, question := message(conn.RemoteAddr(), conn.LocalAddr()), make([]byte, size)
			for round := 0; ; round++ {
				if _, err := io.ReadFull(conn, question); err != nil {
					return
				}
				deeper(round % 50)
				if _, err := conn.Write(answer); err != nil {
					return
				}
			}
		}()
	}
}

func ask(port string, rounds int, until string) {
	conn, err := tls.Dial("tcp", "127.0.0.1:"+port, &tls.Config{InsecureSkipVerify: true})
	check(err)
	defer conn.Close()
	question, answer := message(conn.LocalAddr(), conn.RemoteAddr()), make([]byte, size)
	for round := 0; until != "" || round < rounds; round++ {
		_, err = conn.Write(question)
		check(err)
		deeper(round % 50)
		_, err = io.ReadFull(conn, answer)
		check(err)
		if until != "" {
			time.Sleep(20 * time.Millisecond)
			if _, err := os.Stat(until); err == nil {
				return
			}
		}
	}
}

func main() {
	go func() {
		for {
			time.Sleep(10 * time.Millisecond)
			runtime.GC() // shrinks stacks that are hardly used
		}
	}()
	if os.Args[1] == "server" {
		serve(os.Args[2], os.Args[3], os.Args[4])
	}
	connections, err := strconv.Atoi(os.Args[3])
	check(err)
	rounds, err := strconv.Atoi(os.Args[4])
	check(err)
	until := ""
	if len(os.Args) > 5 {
		until = os.Args[5]
	}
	var all sync.WaitGroup
	for i := 0; i < connections; i++ {
		all.Add(1)
		go func() {
			ask(os.Args[2], rounds, until)
			all.Done()
		}()
	}
	all.Wait()
}
