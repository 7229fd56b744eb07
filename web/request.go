package web

import (
	"net/http"

	"rondo.dev/rondo/async"
)

// request is what handlers get to see of a request, apart from the http.Request. They
// may keep it for as long as they like, so it is made anew for each.
type request struct {
	ctx  requestContext
	body body
	resp response
}

// begin begins with a request, of which rest has come besides the head. What the
// parser has filled in is taken over.
func (x *exchange) begin(t *async.Task, head *http.Request, rest []byte) {
	sh := x.shard
	x.in = rest
	rq := new(request)
	x.rq = rq
	rq.ctx.resp, rq.ctx.srv = &rq.resp, sh.mirror()
	rq.ctx.begin(x.c.context())
	rq.ctx.local = sh.local
	r := head.WithContext(&rq.ctx) // the only way to give a request a context: a copy
	*head = http.Request{}
	r.RemoteAddr = x.c.remote
	if x.c.rare != nil && x.c.rare.tls != nil {
		r.TLS = x.c.rare.tls.state
	}
	rq.resp.begin(x, r)
	x.reads.within(limit(sh.ReadTimeout, 0))
	x.writes.within(limit(sh.WriteTimeout, 0))
	h := sh.handlerFor(r)
	if r.ContentLength == 0 {
		r.Body = http.NoBody
		x.watching.Store(true)
	} else {
		rq.body.begin(x, r)
		r.Body = &rq.body
	}
	if expect := r.Header["Expect"]; first(expect) != "" {
		switch {
		case !hasToken(expect, "100-continue") && x.lane == nil:
			h = http.HandlerFunc(failExpectation)
		case !hasToken(expect, "100-continue"):
		case r.ProtoAtLeast(1, 1) && r.ContentLength != 0:
			rq.body.expects.Store(true)
		}
		if x.lane != nil && hasToken(expect, "100-continue") {
			delete(r.Header, "Expect")
		}
	}
	if x.lane != nil && x.lane.tooLarge {
		h = http.HandlerFunc(failFields)
	}
	if sh.requests.Add(1) > sh.maxRequests() {
		h = http.HandlerFunc(overload)
	}
	x.serve(t, h, r)
}

// refuse answers what can't be a request.
func (x *exchange) refuse(err error) {
	x.out = appendRefusal(x.out, err)
	x.last, x.unread = true, true
	x.finished.Store(true)
}

// serve hands the request to its handler: on this task if it is known not to block, or
// else on a goroutine.
func (x *exchange) serve(t *async.Task, h http.Handler, r *http.Request) {
	if f := taskHandler(h, r); f != nil {
		if x.lane == nil {
			x.c.state = calling
		}
		x.call.handler, x.call.r = f, r
		return
	}
	if x.lane == nil {
		x.c.state = handling
	}
	x.worker = x.shard.worker()
	x.worker.work <- work{x, h, r}
	x.shard.loop.GiveWay()
}
