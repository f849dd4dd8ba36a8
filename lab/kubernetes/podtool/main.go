// Command podtool is what pods of the lab's tests run: an HTTP server that says who it is, and a client.
//
//	podtool serve [ADDRESS]   answer every request with "POD NODE CLIENT-ADDRESS", and what X-Forwarded-For says where a
//	                          proxy has set it; ADDRESS defaults to :80
//	podtool get URL           print the body of a 200 answer; exit 1 on anything else
//
// The server takes its names from $POD_NAME (else the host name) and $NODE_NAME (else "-").
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

const timeout = 5 * time.Second

func main() {
	var err error
	switch arguments := os.Args[1:]; {
	case len(arguments) >= 1 && len(arguments) <= 2 && arguments[0] == "serve":
		address := ":80"
		if len(arguments) == 2 {
			address = arguments[1]
		}
		err = serve(address)
	case len(arguments) == 2 && arguments[0] == "get":
		err = get(arguments[1])
	default:
		fmt.Fprintln(os.Stderr, "usage: podtool serve [ADDRESS] | podtool get URL")
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "podtool:", err)
		os.Exit(1)
	}
}

func serve(address string) error {
	pod, node := os.Getenv("POD_NAME"), os.Getenv("NODE_NAME")
	if pod == "" {
		pod, _ = os.Hostname()
	}
	if node == "" {
		node = "-"
	}
	handler := func(response http.ResponseWriter, request *http.Request) {
		client, _, _ := net.SplitHostPort(request.RemoteAddr)
		words := []string{pod, node, client, request.Header.Get("X-Forwarded-For")}
		fmt.Fprintln(response, strings.TrimSpace(strings.Join(words, " ")))
	}
	server := http.Server{Addr: address, Handler: http.HandlerFunc(handler), ReadHeaderTimeout: timeout}
	return server.ListenAndServe()
}

func get(url string) error {
	// A new connection each time: a Service may then choose another pod.
	client := http.Client{Timeout: timeout, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", url, response.Status)
	}
	_, err = io.Copy(os.Stdout, response.Body)
	return err
}
