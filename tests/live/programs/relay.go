// relay PORT UPSTREAM: asks UPSTREAM for whatever it is asked for itself.
package main

import (
	"io"
	"net/http"
	"os"
)

func main() {
	upstream := "http://127.0.0.1:" + os.Args[2]
	client := http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	relay := func(response http.ResponseWriter, request *http.Request) {
		answer, err := client.Get(upstream + request.URL.Path)
		if err != nil {
			http.Error(response, err.Error(), http.StatusBadGateway)
			return
		}
		defer answer.Body.Close()
		io.Copy(response, answer.Body)
	}
	if err := http.ListenAndServe("127.0.0.1:"+os.Args[1], http.HandlerFunc(relay)); err != nil {
		panic(err)
	}
}
