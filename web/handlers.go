package web

import (
	"errors"
	"fmt"
	"net/http"

	"rondo.dev/rondo/web/internal/http1"
)

// handlerFor returns what answers r.
func (sh *shard) handlerFor(r *http.Request) http.Handler {
	if r.RequestURI == "*" && r.Method == http.MethodOptions && !sh.DisableGeneralOptionsHandler {
		return http.HandlerFunc(generalOptions)
	}
	return sh.handler()
}

// generalOptions answers "OPTIONS *", which asks what the server as a whole can do (RFC
// 9110, section 9.3.7).
func generalOptions(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Length", "0")
	if r.ContentLength != 0 {
		// A body may come with it, which says nothing; a large one is not waited for.
		http.MaxBytesReader(w, r.Body, 4<<10).Read(make([]byte, 1))
	}
}

// failExpectation answers an expectation that is not known (RFC 9110, section 10.1.1).
func failExpectation(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Connection", "close")
	w.WriteHeader(http.StatusExpectationFailed)
}

// failFields answers a request with more fields than are allowed (RFC 6585, section 5).
func failFields(w http.ResponseWriter, _ *http.Request) {
	status := http.StatusRequestHeaderFieldsTooLarge
	http.Error(w, http.StatusText(status), status)
}

// overload answers a request for which there is no room. There is none for waiting for
// its body either, which in HTTP/1.1 is all that could follow.
func overload(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Retry-After", "1")
	if r.ContentLength != 0 && r.ProtoMajor == 1 {
		w.Header().Set("Connection", "close")
	}
	http.Error(w, http.StatusText(http.StatusServiceUnavailable), http.StatusServiceUnavailable)
}

// appendRefusal appends the whole answer to what can't be a request.
func appendRefusal(dst []byte, err error) []byte {
	var e *http1.Error
	if errors.As(err, &e) {
		return e.AppendResponse(dst)
	}
	panic(fmt.Sprintf("web: a request was refused for another reason than its form: %v", err))
}
