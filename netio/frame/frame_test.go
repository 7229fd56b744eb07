package frame_test

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"rondo.dev/rondo"
	"rondo.dev/rondo/async"
	"rondo.dev/rondo/asynctest"
	"rondo.dev/rondo/netio"
	"rondo.dev/rondo/netio/buffered"
	"rondo.dev/rondo/netio/frame"
	"rondo.dev/rondo/netio/netiotest"
)

// run runs f as a task, to its end.
func run(t testing.TB, e *asynctest.Executor, f func(t *async.Task) error) {
	t.Helper()
	r := asynctest.Go(e, func(task *async.Task) (struct{}, error) { return struct{}{}, f(task) })
	e.RunUntilIdle()
	if !r.Done {
		t.Fatal("the task has not ended")
	}
	if r.Err != nil {
		t.Fatal(r.Err)
	}
}

// maxErrors is how many errors frames goes on after: some decoders have one for ever.
const maxErrors = 50

// frames reads all frames of input, which comes in pieces whose sizes cuts has. Errors
// are among them.
func frames(t testing.TB, dec frame.Decoder[[]byte], input []byte, cuts []byte, lends bool) (got []string) {
	t.Helper()
	e := asynctest.New(t)
	a, b := netiotest.Duplex(e.Executor(), 256)
	write := asynctest.Go(e, func(t *async.Task) (struct{}, error) {
		rest := input
		for i := 0; len(rest) > 0; i++ {
			n := len(rest)
			if len(cuts) > 0 {
				n = min(n, 1+int(cuts[i%len(cuts)]))
			}
			if _, err := a.Write(rest[:n]).Await(t); err != nil {
				return struct{}{}, err
			}
			rest = rest[n:]
			if len(cuts) > 0 {
				async.Yield(t) // the reader sees this piece alone
			}
		}
		return struct{}{}, a.CloseWrite().Await(t)
	})
	var src netio.Reader = b
	if !lends {
		src = struct{ netio.Reader }{b}
	}
	run(t, e, func(t *async.Task) error {
		r := frame.NewReader(buffered.NewReaderSize(src, 16), dec)
		for failed := 0; failed < maxErrors; {
			f, err := r.Next(t)
			switch {
			case err == io.EOF:
				got = append(got, "EOF")
				return nil
			case err != nil:
				failed++
				got = append(got, "error: "+err.Error())
				if err == io.ErrUnexpectedEOF {
					return nil
				}
			default:
				got = append(got, string(f))
			}
		}
		return nil
	})
	write.Cancel(asynctest.ErrTest) // who gave up at an error leaves it waiting
	e.RunUntilIdle()
	return got
}

func TestDecode(t *testing.T) {
	tooLong := func(n int, length uint64) string {
		return "error: " + (&frame.TooLongError{Max: n, Length: length}).Error()
	}
	for _, c := range []struct {
		name  string
		dec   func() frame.Decoder[[]byte]
		input string
		want  []string
	}{
		{"lines", func() frame.Decoder[[]byte] { return frame.NewLines(5) },
			"one\ntwo\r\n\n\r\n12345\n12345\r\nlast", []string{"one", "two", "", "", "12345", "12345", "last", "EOF"}},
		{"a line that is too long", func() frame.Decoder[[]byte] { return frame.NewLines(5) },
			"a\n123456\nb\n" + strings.Repeat("x", 1000) + "\nc\n1234567", []string{"a", tooLong(5, 0), "b", tooLong(5, 0), "c", tooLong(5, 0), "EOF"}},
		{"nothing", func() frame.Decoder[[]byte] { return frame.NewLines(5) }, "", []string{"EOF"}},
		{"an empty last line is none", func() frame.Decoder[[]byte] { return frame.NewLines(5) }, "a\n", []string{"a", "EOF"}},
		{"delimited", func() frame.Decoder[[]byte] { return frame.NewDelimited("--", 6) },
			"a--b-c----d-", []string{"a", "b-c", "", "d-", "EOF"}},
		{"delimited, too long", func() frame.Decoder[[]byte] { return frame.NewDelimited("aab", 3) },
			"xyz" + "aab" + "aaaaaaaa" + "aab" + "1" + "aab" + "12345", []string{"xyz", tooLong(3, 0), "1", tooLong(3, 0), "EOF"}},
		{"lengths", func() frame.Decoder[[]byte] { return &frame.Lengths{Max: 300} },
			"\x00\x00\x00\x03abc\x00\x00\x00\x00\x00\x00\x00\x01d", []string{"abc", "", "d", "EOF"}},
		{"a length too long", func() frame.Decoder[[]byte] { return &frame.Lengths{Size: 1, Max: 3} },
			"\x03abc\x04abcd", append([]string{"abc"}, slices.Repeat([]string{tooLong(3, 4)}, maxErrors)...)},
		{"half a frame", func() frame.Decoder[[]byte] { return &frame.Lengths{Size: 2} },
			"\x00\x03abc\x00\x05abc", []string{"abc", "error: unexpected EOF"}},
		{"half a header", func() frame.Decoder[[]byte] { return &frame.Lengths{Size: 2} },
			"\x00", []string{"error: unexpected EOF"}},
		{"little-endian, three bytes, the length counts itself", func() frame.Decoder[[]byte] {
			return &frame.Lengths{Size: 3, Order: binary.LittleEndian, Adjust: -3}
		}, "\x05\x00\x00ab\x03\x00\x00", []string{"ab", "", "EOF"}},
		{"a length that is less than itself", func() frame.Decoder[[]byte] {
			return &frame.Lengths{Size: 1, Adjust: -3}
		}, "\x02ab", slices.Repeat([]string{"error: rondo/frame: a length of 2, adjusted by -3, is impossible"}, maxErrors)},
		{"offset, header kept, skip", func() frame.Decoder[[]byte] {
			return &frame.Lengths{Offset: 2, Size: 2, KeepHeader: true, Skip: 1}
		}, "HI\x00\x02ab", []string{"I\x00\x02ab", "EOF"}},
		{"skip all", func() frame.Decoder[[]byte] { return &frame.Lengths{Size: 1, Skip: 9} },
			"\x02ab", []string{"", "EOF"}},
		{"eight bytes that are too many", func() frame.Decoder[[]byte] { return &frame.Lengths{Size: 8, Max: 9} },
			strings.Repeat("\xff", 8), slices.Repeat([]string{"error: rondo/frame: a length of 18446744073709551615, adjusted by 0, is impossible"}, maxErrors)},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, cuts := range [][]byte{nil, {0}, {1}, {2, 0}, {6, 3, 0, 0}} {
				for _, lends := range []bool{true, false} {
					if got := frames(t, c.dec(), []byte(c.input), cuts, lends); !slices.Equal(got, c.want) {
						t.Errorf("cut by %v, lends %v: got %q, want %q", cuts, lends, got, c.want)
					}
				}
			}
		})
	}
}

// codecs are those that a frame goes through as it is. Lengths has all its options.
var codecs = []struct {
	name string
	make func() frame.Codec[[]byte]
}{
	{"lines", func() frame.Codec[[]byte] { return &frame.Lines{Max: 30} }},
	{"lines, CRLF", func() frame.Codec[[]byte] { return &frame.Lines{Max: 30, CRLF: true} }},
	{"delimited", func() frame.Codec[[]byte] { return frame.NewDelimited("abab", 30) }},
	{"lengths", func() frame.Codec[[]byte] { return &frame.Lengths{Size: 1, Max: 30} }},
	{"lengths with everything", func() frame.Codec[[]byte] {
		return &frame.Lengths{Offset: 3, Size: 5, Order: binary.LittleEndian, Adjust: -8, Max: 30}
	}},
}

// FuzzSplits cuts the same input in two ways; the frames, and the errors, are the same.
func FuzzSplits(f *testing.F) {
	f.Add(byte(0), []byte("one\r\ntwo\n"+strings.Repeat("x", 50)+"\nthree"), []byte{3})
	f.Add(byte(2), []byte("ababxabababab"+strings.Repeat("ab", 40)), []byte{0, 5})
	f.Add(byte(3), []byte("\x02ab\x00\x1fx"), []byte{1})
	f.Add(byte(4), []byte("123\x0a\x00\x00\x00\x00ab"), []byte{2})
	f.Fuzz(func(t *testing.T, which byte, input, cuts []byte) {
		c := codecs[int(which)%len(codecs)]
		whole := frames(t, c.make(), input, nil, true)
		for _, lends := range []bool{true, false} {
			if got := frames(t, c.make(), input, slices.Concat(cuts, []byte{0}), lends); !slices.Equal(got, whole) {
				t.Errorf("%s: cut by %v: %q, whole: %q", c.name, cuts, got, whole)
			}
		}
	})
}

// FuzzRoundTrip reads what it has written.
func FuzzRoundTrip(f *testing.F) {
	f.Add(byte(0), []byte("some text"), uint8(4))
	f.Add(byte(2), []byte("ababababab"), uint8(3))
	f.Fuzz(func(t *testing.T, which byte, content []byte, size uint8) {
		c := codecs[int(which)%len(codecs)]
		enc := c.make()
		var wire []byte
		var want []string
		for piece := range slices.Chunk(content, int(size)%40+1) {
			next, err := enc.Append(wire, piece)
			if err != nil {
				if len(next) != len(wire) {
					t.Errorf("%s: a frame that was refused left %d bytes", c.name, len(next)-len(wire))
				}
				continue
			}
			wire = next
			want = append(want, string(piece))
		}
		if got := frames(t, c.make(), wire, []byte{7, 0}, true); !slices.Equal(got, append(want, "EOF")) {
			t.Errorf("%s: wrote %q, read %q", c.name, want, got)
		}
	})
}

func TestEncodeErrors(t *testing.T) {
	for _, c := range []struct {
		name  string
		enc   frame.Encoder[[]byte]
		frame string
		long  bool
	}{
		{"a line with an end in it", frame.NewLines(9), "a\nb", false},
		{"a line that is too long", frame.NewLines(9), "0123456789", true},
		{"a delimiter", frame.NewDelimited("--", 9), "a--b", false},
		{"a delimiter with the end", frame.NewDelimited("--", 9), "a-", false},
		{"too long for its delimiter", frame.NewDelimited("--", 2), "abc", true},
		{"too long for its length", &frame.Lengths{Max: 2}, "abc", true},
		{"longer than the field can say", &frame.Lengths{Size: 1, Max: 1000}, strings.Repeat("x", 256), false},
		{"no room for the header", &frame.Lengths{KeepHeader: true}, "abc", false},
		{"a negative length", &frame.Lengths{Adjust: 4}, "abc", false},
	} {
		got, err := c.enc.Append([]byte("before"), []byte(c.frame))
		if err == nil || string(got) != "before" {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
		if errors.Is(err, frame.ErrTooLong) != c.long {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestCancel cancels a reader and a writer of frames everywhere; who goes on gets
// every frame once.
func TestCancel(t *testing.T) {
	want := []string{"one", "two", "a longer one", "", "the last"}
	asynctest.CancelEverywhere(t, func(t *testing.T, e *asynctest.Executor) (func(*async.Task) error, func(error)) {
		a, b := netiotest.Duplex(e.Executor(), 5)
		w := frame.NewWriter(a, &frame.Lengths{Size: 1})
		w.SetBoundary(4)
		r := frame.NewReader(b, &frame.Lengths{Size: 1})
		var got []string
		fed := 0
		write := func(t *async.Task) error {
			for ; fed < len(want); fed++ {
				if err := w.Feed(t, []byte(want[fed])); err != nil {
					return err
				}
			}
			if err := w.Flush(t); err != nil {
				return err
			}
			return a.CloseWrite().Await(t)
		}
		read := func(t *async.Task) error {
			for {
				f, err := r.Next(t)
				if err == io.EOF {
					return nil
				}
				if err != nil {
					return err
				}
				got = append(got, string(f))
			}
		}
		both := func(t *async.Task) error {
			g := async.NewGroup(t, 0)
			g.Go(write)
			g.Go(read)
			return g.Wait(t)
		}
		return both, func(error) {
			run(t, e, both) // goes on
			if !slices.Equal(got, want) {
				t.Errorf("got %q", got)
			}
		}
	})
}

// TestBackpressure: Feed waits when nobody reads, and not before there is much.
func TestBackpressure(t *testing.T) {
	e := asynctest.New(t)
	a, b := netiotest.Duplex(e.Executor(), 10)
	w := frame.NewWriter(a, frame.NewLines(100))
	w.SetBoundary(100)
	fed := 0
	r := asynctest.Go(e, func(t *async.Task) (struct{}, error) {
		for fed < 1000 {
			if err := w.Feed(t, []byte("0123456789")); err != nil {
				return struct{}{}, err
			}
			fed++
		}
		return struct{}{}, w.Flush(t)
	})
	e.RunUntilIdle()
	if fed != 10 || w.Buffered() > 110 {
		t.Errorf("%d frames were fed, %d bytes wait", fed, w.Buffered())
	}
	asynctest.Go(e, func(t *async.Task) (struct{}, error) {
		for {
			if _, err := b.Recv().Await(t); err != nil {
				return struct{}{}, nil
			}
		}
	})
	e.RunUntilIdle()
	if !r.Done || r.Err != nil || fed != 1000 {
		t.Errorf("fed %d, %v", fed, r.Err)
	}
	asynctest.Go(e, func(t *async.Task) (struct{}, error) { return struct{}{}, a.CloseWrite().Await(t) })
}

type point struct{ X, Y int }

// points is a codec of typed frames.
func points() frame.Codec[point] {
	return frame.Typed(frame.NewLines(100),
		func(b []byte) (p point, err error) { return p, json.Unmarshal(b, &p) },
		func(dst []byte, p point) ([]byte, error) { return fmt.Appendf(dst, `{"X":%d,"Y":%d}`, p.X, p.Y), nil })
}

func TestTyped(t *testing.T) {
	e := asynctest.New(t)
	a, b := netiotest.Duplex(e.Executor(), 1000)
	run(t, e, func(task *async.Task) error {
		w := frame.NewWriter(a, points())
		r := frame.NewReader(b, points())
		for i := range 3 {
			if err := w.Send(task, point{i, -i}); err != nil {
				return err
			}
		}
		if _, err := a.Write([]byte("nonsense\n{\"X\":7}\n")).Await(task); err != nil {
			return err
		}
		for i := range 3 {
			if p, err := r.Next(task); p != (point{i, -i}) || err != nil {
				t.Errorf("got %v, %v", p, err)
			}
		}
		if _, err := r.Next(task); err == nil {
			t.Error("nonsense was a point")
		}
		if p, err := r.Next(task); p != (point{X: 7}) || err != nil {
			t.Errorf("behind nonsense: %v, %v", p, err)
		}
		return nil
	})
}

// TestUpgrade reads a frame, and leaves what is behind it to another protocol.
func TestUpgrade(t *testing.T) {
	e := asynctest.New(t)
	a, b := netiotest.Duplex(e.Executor(), 1000)
	run(t, e, func(task *async.Task) error {
		if _, err := a.Write([]byte("upgrade\nother protocol")).Await(task); err != nil {
			return err
		}
		r := frame.NewReader(b, frame.NewLines(100))
		if f, err := r.Next(task); string(f) != "upgrade" || err != nil {
			t.Errorf("got %q, %v", f, err)
		}
		p, err := r.Buffered().Next(task)
		if string(p) != "other protocol" {
			t.Errorf("left over: %q", p)
		}
		return err
	})
}

// TestNoAllocation: frames over a connection cost nothing in the steady state.
func TestNoAllocation(t *testing.T) {
	var n float64
	err := rondo.Run(func(t *async.Task) error {
		ln, err := netio.Listen(t, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer ln.Close().Await(t)
		a, err := netio.Dial(t, "tcp", ln.Addr().String())
		if err != nil {
			return err
		}
		defer a.Close().Await(t)
		b, err := ln.Accept().Await(t)
		if err != nil {
			return err
		}
		defer b.Close().Await(t)
		w := frame.NewWriter(a, &frame.Lengths{})
		r := frame.NewReader(b, &frame.Lengths{})
		message := []byte("a message of some bytes")
		once := func() {
			if err = w.Send(t, message); err == nil {
				_, err = r.Next(t)
			}
		}
		for range 100 {
			once()
		}
		n = testing.AllocsPerRun(200, once)
		return err
	}, rondo.Loops(1))
	if err != nil {
		t.Fatal(err)
	}
	if n > 0 {
		t.Errorf("%v allocations a frame", n)
	}
}
