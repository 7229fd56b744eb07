package loadgen

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// The handshake's example of RFC 6455, section 1.3: any key does.
const (
	socketKey    = "dGhlIHNhbXBsZSBub25jZQ=="
	socketAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
)

// upgrade makes a connection a WebSocket, and has one message of at most 125 bytes
// echoed.
func upgrade(rw io.ReadWriter, cfg Config) error {
	_, err := fmt.Fprintf(rw, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n", cfg.Path, cfg.Addr, socketKey)
	if err != nil {
		return err
	}
	r := bufio.NewReader(rw)
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		return err
	}
	switch {
	case resp.StatusCode != http.StatusSwitchingProtocols:
		return fmt.Errorf("status %d", resp.StatusCode)
	case resp.Header.Get("Sec-WebSocket-Accept") != socketAccept, !strings.EqualFold(resp.Header.Get("Upgrade"), "websocket"):
		return errors.New("upgraded to something else than a WebSocket")
	}
	message := bytes.Repeat([]byte("x"), min(cfg.Size, 125))
	if _, err := rw.Write(textFrame(message, true)); err != nil {
		return err
	}
	want := textFrame(message, false)
	got := make([]byte, len(want))
	if _, err := io.ReadFull(r, got); err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return errMismatch
	}
	return nil
}

// textFrame is a whole message of at most 125 bytes of text, masked as a client's is
// or not.
func textFrame(message []byte, masked bool) []byte {
	frame := []byte{0x81, byte(len(message))}
	if !masked {
		return append(frame, message...)
	}
	mask := [4]byte{1, 2, 3, 4}
	frame[1] |= 0x80
	frame = append(frame, mask[:]...)
	for i, c := range message {
		frame = append(frame, c^mask[i%4])
	}
	return frame
}
