// Package websocket is WebSocket (RFC 6455) with compression (RFC 7692), for the
// handlers of rondo's web server and of net/http, and for clients.
package websocket
