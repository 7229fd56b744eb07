package main

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

var shot = flag.String("shot", "", "file for a picture of a conversation, as PNG")

// A page is one in a browser.
type page struct {
	t   *testing.T
	ctx context.Context
}

// browser returns a function that opens pages, each of somebody else.
func browser(t *testing.T) func() *page {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			program = found
			break
		}
	}
	if program == "" {
		t.Skip("there is no Chromium here")
	}
	opts := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-dev-shm-usage", true), chromedp.Flag("no-zygote", true),
		chromedp.WSURLReadTimeout(time.Minute))
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute) // for hangs
	ctx, end := chromedp.NewExecAllocator(ctx, opts...)
	first, stop := chromedp.NewContext(ctx)
	t.Cleanup(func() {
		stop()
		end()
		cancel()
	})
	if _, err := chromedp.Run(first, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	return func() *page {
		ctx, stop := chromedp.NewContext(first, chromedp.WithNewBrowserContext())
		t.Cleanup(stop)
		return &page{t, ctx}
	}
}

func (p *page) run(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	for _, a := range actions {
		if _, err := chromedp.Run(p.ctx, a); err != nil {
			p.t.Fatal(err)
		}
	}
}

// until waits until an expression is true in the page.
func (p *page) until(expression string) {
	p.t.Helper()
	_, err := chromedp.Run(p.ctx, chromedp.Poll[bool](expression, chromedp.WithPollingInterval(50*time.Millisecond), chromedp.WithPollingTimeout(time.Minute)))
	if err != nil {
		p.t.Fatalf("%s: %v; the page has %q", expression, err, p.texts())
	}
}

// join opens a room, and comes in.
func (p *page) join(url, name string) {
	p.t.Helper()
	p.run(chromedp.Navigate(url),
		chromedp.WaitVisible("#ask"),
		chromedp.SetValue("#ask input", name),
		chromedp.Click("#ask button"))
	p.until(`document.body.dataset.state === "here"`)
}

func (p *page) say(text string) {
	p.t.Helper()
	p.run(chromedp.SetValue("#text", text), chromedp.Click("#say button"))
}

// texts returns the messages that the page shows.
func (p *page) texts() []string {
	all, _ := chromedp.Run(p.ctx, chromedp.Evaluate[[]string](`[...document.querySelectorAll(".message .text")].map(e => e.textContent)`))
	return all
}

// shows waits until the page shows so many messages, all of which are kept, and compares.
func (p *page) shows(want ...string) {
	p.t.Helper()
	p.until(fmt.Sprintf(`document.querySelectorAll(".message[data-id]").length >= %d`, len(want)))
	if got := p.texts(); !slices.Equal(got, want) {
		p.t.Errorf("the page shows %q, want %q", got, want)
	}
}

// Two pages talk through one process.
func TestPages(t *testing.T) {
	open := browser(t)
	addr := startChat(t).where
	for _, transport := range []string{"websocket", "sse"} {
		url := fmt.Sprintf("http://%s/rooms/pages-%s?transport=%[2]s", addr, transport)
		ada, bob := open(), open()
		ada.join(url, "Ada")
		bob.join(url, "Bob")
		ada.until(fmt.Sprintf(`document.body.dataset.transport === %q`, transport))
		ada.until(`document.querySelectorAll("#people li").length === 2`)
		text := []string{"hello", `<img src=x onerror="document.title='hurt'">`, "&amp; \u00e9\u4e16 \U0001f44b"}
		ada.say(text[0])
		bob.shows(text[:1]...)
		bob.say(text[1])
		ada.shows(text[:2]...)
		ada.say(text[2])
		bob.shows(text...)
		ada.shows(text...)
		ada.until(`document.title !== "hurt" && !document.querySelector("#messages img")`)
		// A page that is loaded anew has the history.
		bob.run(chromedp.Reload())
		bob.shows(text...)
	}
}

// Two pages talk through two processes, and one of these is killed: the pages that it had
// go to the other, and nothing is lost or there twice, also not what is said meanwhile.
func TestPagesMove(t *testing.T) {
	open := browser(t)
	nats := startNATS(t)
	a, b := startChat(t, "-nats", nats), startChat(t, "-nats", nats)
	url := "http://" + newFront(t, a.where, b.where).Addr().String() + "/rooms/moving"
	for _, transport := range []string{"websocket", "sse"} {
		url := url + "-" + transport + "?transport=" + transport
		ada, bob := open(), open()
		ada.join(url, "Ada")
		bob.join("http://"+b.where+strings.TrimPrefix(url, url[:strings.Index(url, "/rooms")]), "Bob")
		ada.say("one")
		bob.shows("one")
		bob.say("two")
		ada.shows("one", "two")
		if transport == "websocket" {
			ada.until(`document.body.dataset.transport === "websocket"`)
		}
		a.kill() // the second time it is dead
		ada.say("three")
		bob.shows("one", "two", "three")
		bob.say("four")
		ada.shows("one", "two", "three", "four")
		bob.shows("one", "two", "three", "four")
		ada.until(`document.body.dataset.state === "here"`)
	}
}

// A page behind a proxy that lets no WebSocket through goes over to server-sent events.
func TestPageWithoutWebSocket(t *testing.T) {
	open := browser(t)
	addr := startChat(t).where
	through := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: addr})
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "" {
			http.Error(w, "no upgrades here", http.StatusBadGateway)
			return
		}
		through.ServeHTTP(w, r)
	}))
	t.Cleanup(func() { proxy.CloseClientConnections(); proxy.Close() })
	ada, bob := open(), open()
	ada.join(proxy.URL+"/rooms/behind", "Ada")
	ada.until(`document.body.dataset.transport === "sse"`)
	bob.join("http://"+addr+"/rooms/behind", "Bob")
	bob.until(`document.body.dataset.transport === "websocket"`)
	ada.say("one")
	bob.shows("one")
	bob.say("two")
	ada.shows("one", "two")
}

// TestShot takes the picture of the README.
func TestShot(t *testing.T) {
	if *shot == "" {
		t.Skip("no -shot")
	}
	open := browser(t)
	url := "http://" + startChat(t).where + "/rooms/lobby"
	people := map[string]*page{}
	for _, name := range []string{"Grace Hopper", "Tony Hoare", "Barbara Liskov", "Ada Lovelace"} {
		people[name] = open()
		people[name].run(chromedp.EmulateViewport(1120, 700))
		people[name].join(url, name)
	}
	ada := people["Ada Lovelace"]
	ada.until(`document.querySelectorAll("#people li").length === 4`)
	conversation := [][2]string{
		{"Grace Hopper", "Good morning! Did the night shift leave us anything to debug?"},
		{"Tony Hoare", "Only a race between two coffee cups. The second one won."},
		{"Barbara Liskov", "As long as one cup can stand in for the other \u2615"},
		{"Ada Lovelace", "I have written down how to do it with one, in case the engine is ever built."},
		{"Tony Hoare", "How many of us can this room hold?"},
		{"Grace Hopper", "Ten thousand, and those who only listen cost next to nothing."},
		{"Grace Hopper", "I pulled the plug of the first server a minute ago. Has anybody noticed?"},
		{"Barbara Liskov", "Not a word lost, and none said twice."},
		{"Ada Lovelace", "Then let us pull the second \U0001f604"},
	}
	for i, line := range conversation {
		people[line[0]].say(line[1])
		for _, p := range people {
			p.until(fmt.Sprintf(`document.querySelectorAll(".message[data-id]").length === %d`, i+1))
		}
	}
	ada.run(chromedp.Evaluate[chromedp.Void](`document.activeElement.blur(); document.querySelectorAll(".notice").forEach(e => e.remove())`))
	time.Sleep(300 * time.Millisecond) // for the last to have come to rest
	png, err := chromedp.Run(ada.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(*shot, png, 0o644); err != nil {
		t.Fatal(err)
	}
}
