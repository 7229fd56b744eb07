package loadgen

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"net"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// multiplexed has a page answered by HTTP/2 over TLS, and forgets the client's half of
// both, as secure does.
func multiplexed(fd int, cfg Config) error {
	conn := tls.Client(transport{blocking{fd}}, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
	if err := conn.Handshake(); err != nil {
		return err
	}
	if agreed := conn.ConnectionState().NegotiatedProtocol; agreed != "h2" {
		return fmt.Errorf("agreed on %q", agreed)
	}
	return getStream(conn, cfg)
}

// getStream asks for a page on the first stream of a connection.
func getStream(conn net.Conn, cfg Config) error {
	var out, block bytes.Buffer
	f := http2.NewFramer(&out, conn)
	enc := hpack.NewEncoder(&block)
	for _, p := range [][2]string{{":method", "GET"}, {":scheme", "https"}, {":authority", cfg.Addr.String()}, {":path", cfg.Path}} {
		if err := enc.WriteField(hpack.HeaderField{Name: p[0], Value: p[1]}); err != nil {
			return err
		}
	}
	out.WriteString(http2.ClientPreface)
	err := errors.Join(f.WriteSettings(), f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block.Bytes(), EndHeaders: true, EndStream: true}))
	f.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	var body []byte
	for settled, ended := false, false; !settled || !ended; {
		if err != nil {
			return err
		}
		if _, err = conn.Write(out.Bytes()); err != nil {
			return err
		}
		out.Reset()
		frame, failure := f.ReadFrame()
		if failure != nil {
			return failure
		}
		switch frame := frame.(type) {
		case *http2.SettingsFrame:
			if frame.IsAck() {
				settled = true
			} else {
				err = f.WriteSettingsAck()
			}
		case *http2.MetaHeadersFrame:
			if status := frame.PseudoValue("status"); status != "200" {
				return fmt.Errorf("status %s", status)
			}
			ended = frame.StreamEnded()
		case *http2.DataFrame:
			body = append(body, frame.Data()...)
			ended = frame.StreamEnded()
		case *http2.RSTStreamFrame:
			return fmt.Errorf("the stream was reset: %v", frame.ErrCode)
		case *http2.GoAwayFrame:
			return fmt.Errorf("the connection was ended: %v", frame.ErrCode)
		}
	}
	if string(body) != cfg.Body {
		return errMismatch
	}
	return nil
}
