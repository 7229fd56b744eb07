package buffered

import (
	"encoding/binary"
	"errors"
	"io"

	"rondo.dev/rondo/async"
)

// The readers of numbers return io.EOF if nothing is left, and io.ErrUnexpectedEOF,
// taking nothing, in the middle of one. Signed numbers and floats are conversions:
// int32(v), math.Float64frombits(v).

// ReadUint16 takes two bytes.
func (r *Reader) ReadUint16(t *async.Task, order binary.ByteOrder) (uint16, error) {
	b, err := r.number(t, 2)
	if err != nil {
		return 0, err
	}
	v := order.Uint16(b)
	r.take(2)
	return v, nil
}

// ReadUint32 takes four bytes.
func (r *Reader) ReadUint32(t *async.Task, order binary.ByteOrder) (uint32, error) {
	b, err := r.number(t, 4)
	if err != nil {
		return 0, err
	}
	v := order.Uint32(b)
	r.take(4)
	return v, nil
}

// ReadUint64 takes eight bytes.
func (r *Reader) ReadUint64(t *async.Task, order binary.ByteOrder) (uint64, error) {
	b, err := r.number(t, 8)
	if err != nil {
		return 0, err
	}
	v := order.Uint64(b)
	r.take(8)
	return v, nil
}

func (r *Reader) number(t *async.Task, n int) ([]byte, error) {
	b, err := r.Peek(t, n)
	if err == io.EOF && len(b) > 0 {
		err = io.ErrUnexpectedEOF
	}
	return b, err
}

// errOverflow is what encoding/binary says of a varint of more than 64 bits.
var errOverflow = errors.New("rondo/buffered: varint overflows a 64-bit integer")

// ReadUvarint takes a number as [binary.PutUvarint] writes it.
func (r *Reader) ReadUvarint(t *async.Task) (uint64, error) {
	for n := 1; ; n++ {
		b, err := r.number(t, n)
		if err != nil {
			return 0, err
		}
		switch v, used := binary.Uvarint(b); {
		case used > 0:
			r.take(used)
			return v, nil
		case used < 0:
			return 0, errOverflow
		}
	}
}

// ReadVarint takes a number as [binary.PutVarint] writes it.
func (r *Reader) ReadVarint(t *async.Task) (int64, error) {
	u, err := r.ReadUvarint(t)
	v := int64(u >> 1)
	if u&1 != 0 {
		v = ^v
	}
	return v, err
}

// The writers of numbers put them into the buffer. Like WriteUint8 they flush it
// before if there is no room, and if that fails have written nothing.

// WriteUint16 writes two bytes.
func (w *Writer) WriteUint16(t *async.Task, order binary.ByteOrder, v uint16) error {
	if err := w.reserve(t, 2); err != nil {
		return err
	}
	order.PutUint16(w.extend(2), v)
	return nil
}

// WriteUint32 writes four bytes.
func (w *Writer) WriteUint32(t *async.Task, order binary.ByteOrder, v uint32) error {
	if err := w.reserve(t, 4); err != nil {
		return err
	}
	order.PutUint32(w.extend(4), v)
	return nil
}

// WriteUint64 writes eight bytes.
func (w *Writer) WriteUint64(t *async.Task, order binary.ByteOrder, v uint64) error {
	if err := w.reserve(t, 8); err != nil {
		return err
	}
	order.PutUint64(w.extend(8), v)
	return nil
}

// WriteUvarint writes a number as [binary.PutUvarint] does.
func (w *Writer) WriteUvarint(t *async.Task, v uint64) error {
	if err := w.reserve(t, binary.MaxVarintLen64); err != nil {
		return err
	}
	w.data = binary.AppendUvarint(w.data, v)
	return nil
}

// WriteVarint writes a number as [binary.PutVarint] does.
func (w *Writer) WriteVarint(t *async.Task, v int64) error {
	if err := w.reserve(t, binary.MaxVarintLen64); err != nil {
		return err
	}
	w.data = binary.AppendVarint(w.data, v)
	return nil
}
