package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"io"
	"net/http"
	"time"
)

// What clients ask for that have many requests under way on a connection.

// sum answers with the number of bytes of the body, with its sum in a trailer, and
// with the request's own trailer in another.
func sum(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Trailer", "Sum, Heard")
	h := sha256.New()
	n, err := io.Copy(h, r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	fmt.Fprintln(w, r.Proto, n)
	http.NewResponseController(w).Flush() // curl looks for no trailer after a Content-Length
	w.Header().Set("Sum", fmt.Sprintf("%x", h.Sum(nil)))
	w.Header().Set("Heard", r.Trailer.Get("Told"))
}

// slow answers after a while, for others to overtake.
func slow(w http.ResponseWriter, r *http.Request) {
	select {
	case <-time.After(500 * time.Millisecond):
		io.WriteString(w, "slow\n")
	case <-r.Context().Done():
	}
}

// spec answers once the request is there as a whole, and a moment later: what is to be
// found wrong with a stream is sent before that is closed.
func spec(w http.ResponseWriter, r *http.Request) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return
	}
	select {
	case <-time.After(50 * time.Millisecond):
		io.WriteString(w, "hello\n")
	case <-r.Context().Done():
	}
}

// pixel is a picture of one, which only the address tells from others.
var pixel = func() []byte {
	var b bytes.Buffer
	if err := gif.Encode(&b, image.NewPaletted(image.Rect(0, 0, 1, 1), color.Palette{color.Black}), nil); err != nil {
		panic(err)
	}
	return b.Bytes()
}()

func dot(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "image/gif")
	w.Write(pixel)
}

// many is a page of many pictures, which tells how many have come and by what protocol.
const many = `<!DOCTYPE html>
<title>webtest</title>
<body>
<script>
const dots = [...Array(200).keys()].map(i => {
	const dot = new Image();
	dot.src = "/dot?" + i;
	document.body.append(dot);
	return dot;
});
performance.setResourceTimingBufferSize(1000);
Promise.allSettled(dots.map(dot => dot.decode())).then(() => {
	const came = dots.filter(dot => dot.complete && dot.naturalWidth === 1).length;
	const spoken = new Set(performance.getEntries().map(e => e.nextHopProtocol).filter(p => p));
	return came + " by " + [...spoken].join(", ");
}).catch(e => "failed: " + e).then(text => fetch("/told", {method: "POST", body: text}));
</script>
`
