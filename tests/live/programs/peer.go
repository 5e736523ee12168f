// The same as peer.h describes, over Go's crypto/tls.
//
//	peer serve CERTIFICATE KEY [OPTION...], or peer call PORT CERTIFICATE [OPTION...]
//
// Options: tls1.2; implicit (handshakes by reads and writes); pipe (the ciphertext passes through a net.Pipe); stacks (the
// stack of each goroutine that reads and writes grows and is shrunk all the time).
package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
)

var options = map[string]bool{}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// deeper needs some 1 KiB of stack for each level.
func deeper(level int) int {
	var room [1024]byte
	if level == 0 {
		return len(room)
	}
	room[level%len(room)] = 1
	return deeper(level-1) + int(room[0])
}

// A connection whose goroutine's stack moves between calls.
type restless struct{ *tls.Conn }

func (r restless) Read(bytes []byte) (int, error) {
	moveStack()
	return r.Conn.Read(bytes)
}

func (r restless) Write(bytes []byte) (int, error) {
	moveStack()
	return r.Conn.Write(bytes)
}

var moves atomic.Int32

func moveStack() {
	if options["stacks"] {
		deeper(64)
		if moves.Add(1)%8 == 0 {
			runtime.GC() // shrinks stacks that are hardly used
		}
	}
}

// Copies both ways between a socket and one end of a pipe; the other end is returned.
func throughPipe(socket net.Conn) net.Conn {
	near, far := net.Pipe()
	go func() { io.Copy(socket, far); socket.Close() }()
	go func() { io.Copy(far, socket); far.Close() }()
	return near
}

func open(socket net.Conn, make func(net.Conn, *tls.Config) *tls.Conn, config *tls.Config) restless {
	if options["tls1.2"] {
		config.MaxVersion = tls.VersionTLS12
	}
	config.NextProtos = []string{"http/1.1"}
	if options["pipe"] {
		socket = throughPipe(socket)
	}
	conn := make(socket, config)
	if !options["implicit"] {
		check(conn.Handshake())
		conn.ConnectionState()
	}
	return restless{conn}
}

func send(conn io.Writer, firstLine string, body []byte) {
	head := fmt.Sprintf("%s\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n", firstLine, len(body))
	_, err := conn.Write(append([]byte(head), body...))
	check(err)
}

func serve(certificate, key string) {
	pair, err := tls.LoadX509KeyPair(certificate, key)
	check(err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	for {
		socket, err := listener.Accept()
		check(err)
		go func() {
			conn := open(socket, tls.Server, &tls.Config{Certificates: []tls.Certificate{pair}})
			reader := bufio.NewReaderSize(conn, 10000)
			for {
				request, err := http.ReadRequest(reader)
				if err == io.EOF {
					break
				}
				check(err)
				body, err := io.ReadAll(request.Body)
				check(err)
				send(conn, "HTTP/1.1 200 OK", body)
			}
			conn.Close()
		}()
	}
}

func call(port, certificate string) {
	var conn restless
	var reader *bufio.Reader
	number := 0
	authority, err := os.ReadFile(certificate)
	check(err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		if reader == nil {
			socket, err := net.Dial("tcp", "127.0.0.1:"+port)
			check(err)
			conn = open(socket, tls.Client, &tls.Config{RootCAs: roots, ServerName: "localhost"})
			reader = bufio.NewReaderSize(conn, 10000)
		}
		for _, word := range strings.Fields(lines.Text()) {
			size, err := strconv.Atoi(word)
			check(err)
			body := make([]byte, size)
			for i := range body {
				body[i] = byte('a' + (i+i/26+number)%26)
			}
			send(conn, fmt.Sprintf("POST /%d HTTP/1.1", number), body)
			response, err := http.ReadResponse(reader, nil)
			check(err)
			answer, err := io.ReadAll(response.Body)
			check(err)
			if !bytes.Equal(answer, body) {
				check(fmt.Errorf("not the answer to request %d", number))
			}
			number++
		}
		fmt.Println("done")
	}
	if reader != nil {
		conn.Close()
	}
}

func main() {
	if len(os.Args) < 4 {
		check(fmt.Errorf("serve CERTIFICATE KEY [OPTION...], or call PORT CERTIFICATE [OPTION...]"))
	}
	for _, option := range os.Args[4:] {
		options[option] = true
	}
	if os.Args[1] == "serve" {
		serve(os.Args[2], os.Args[3])
	} else {
		call(os.Args[2], os.Args[3])
	}
}
