// Serves the files of a folder by net/http, over TLS: go_server PORT FOLDER CERTIFICATE KEY
package main

import (
	"log"
	"net/http"
	"os"
	"path/filepath"
)

func main() {
	files := map[string][]byte{}
	paths, err := filepath.Glob(filepath.Join(os.Args[2], "*"))
	if err != nil {
		log.Fatal(err)
	}
	for _, path := range paths {
		if files["/"+filepath.Base(path)], err = os.ReadFile(path); err != nil {
			log.Fatal(err)
		}
	}
	http.HandleFunc("/", func(answer http.ResponseWriter, request *http.Request) {
		answer.Write(files[request.URL.Path])
	})
	log.Fatal(http.ListenAndServeTLS("127.0.0.1:"+os.Args[1], os.Args[3], os.Args[4], nil))
}
