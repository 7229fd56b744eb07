/* The limit of completion: an echo server on raw io_uring, a thread and a ring
 * a loop, each with a listener of its own (SO_REUSEPORT). Accepts and receives
 * are multishot, and what is received lies in a provided buffer until it has
 * been sent from there. */

#define _GNU_SOURCE
#include <errno.h>
#include <liburing.h>
#include <stdbool.h>

#include "../common.h"

enum { ENTRIES = 4096, BUFFERS = 4096, BUF_SIZE = 4096, GROUP = 0 };

enum op { ACCEPT, RECV, SEND };

/* A connection, at the index of its descriptor. What it has received waits in
 * a queue of buffers, of which one at a time is being sent: two sends at once
 * could overtake each other. The descriptor is closed when the receive has
 * ended and the queue is empty, so that no completion meets its successor. */
struct conn {
	uint16_t first, last; /* buffers, if queued > 0 */
	uint16_t queued;
	bool ended;
};

/* A loop, all of whose memory is its own but for the table of connections, of
 * which it touches only the entries of its descriptors. */
struct loop {
	struct io_uring ring;
	struct io_uring_buf_ring *unused; /* the buffers that the kernel may fill */
	char *memory;
	uint16_t next[BUFFERS]; /* the queues' links */
	uint16_t len[BUFFERS];
	int *starved; /* connections whose receive found no buffer */
	int nstarved;
};

static struct conn *conns;

/* liburing returns the error instead of setting errno. */
static void check_ring(int result, const char *what)
{
	if (result < 0) {
		errno = -result;
		check(-1, what);
	}
}

static struct io_uring_sqe *prepare(struct loop *l)
{
	struct io_uring_sqe *sqe;
	while (!(sqe = io_uring_get_sqe(&l->ring)))
		check_ring(io_uring_submit(&l->ring), "io_uring_submit");
	return sqe;
}

static void tag(struct io_uring_sqe *sqe, enum op op, int fd)
{
	io_uring_sqe_set_data64(sqe, (uint64_t)op << 32 | (uint32_t)fd);
}

static void start_accept(struct loop *l, int listener)
{
	struct io_uring_sqe *sqe = prepare(l);
	io_uring_prep_multishot_accept(sqe, listener, NULL, NULL, SOCK_CLOEXEC);
	tag(sqe, ACCEPT, listener);
}

static void start_recv(struct loop *l, int fd)
{
	struct io_uring_sqe *sqe = prepare(l);
	io_uring_prep_recv_multishot(sqe, fd, NULL, 0, 0);
	sqe->flags |= IOSQE_BUFFER_SELECT;
	sqe->buf_group = GROUP;
	tag(sqe, RECV, fd);
}

static void start_send(struct loop *l, int fd)
{
	uint16_t b = conns[fd].first;
	struct io_uring_sqe *sqe = prepare(l);
	/* MSG_WAITALL: the kernel itself goes on after a short send. */
	io_uring_prep_send(sqe, fd, l->memory + (size_t)b * BUF_SIZE, l->len[b], MSG_WAITALL | MSG_NOSIGNAL);
	tag(sqe, SEND, fd);
}

static void give_back(struct loop *l, uint16_t b)
{
	io_uring_buf_ring_add(l->unused, l->memory + (size_t)b * BUF_SIZE, BUF_SIZE, b,
			      io_uring_buf_ring_mask(BUFFERS), 0);
	io_uring_buf_ring_advance(l->unused, 1);
	if (l->nstarved)
		start_recv(l, l->starved[--l->nstarved]);
}

static void close_if_done(int fd)
{
	if (conns[fd].ended && !conns[fd].queued) {
		conns[fd] = (struct conn){0};
		close(fd);
	}
}

static void received(struct loop *l, int fd, const struct io_uring_cqe *cqe)
{
	struct conn *c = &conns[fd];
	if (cqe->res > 0) {
		uint16_t b = cqe->flags >> IORING_CQE_BUFFER_SHIFT;
		l->len[b] = cqe->res;
		if (c->queued)
			l->next[c->last] = b;
		else
			c->first = b;
		c->last = b;
		if (!c->queued++)
			start_send(l, fd);
	}
	if (cqe->flags & IORING_CQE_F_MORE)
		return;
	if (cqe->res > 0) {
		start_recv(l, fd);
	} else if (cqe->res == -ENOBUFS) {
		l->starved[l->nstarved++] = fd;
	} else {
		c->ended = true;
		close_if_done(fd);
	}
}

static void sent(struct loop *l, int fd, int res)
{
	struct conn *c = &conns[fd];
	uint16_t b = c->first;
	bool failed = res < l->len[b];
	c->first = l->next[b];
	c->queued--;
	give_back(l, b);
	if (failed) {
		/* Nothing more is sent; the receive ends by the shutdown. */
		for (; c->queued; c->queued--) {
			b = c->first;
			c->first = l->next[b];
			give_back(l, b);
		}
		shutdown(fd, SHUT_RDWR);
	}
	if (c->queued)
		start_send(l, fd);
	else
		close_if_done(fd);
}

static void accepted(struct loop *l, int listener, const struct io_uring_cqe *cqe)
{
	if (cqe->res >= 0) {
		no_delay(cqe->res);
		start_recv(l, cqe->res);
	}
	if (!(cqe->flags & IORING_CQE_F_MORE))
		start_accept(l, listener);
}

static void complete(struct loop *l, const struct io_uring_cqe *cqe)
{
	int fd = (int)(uint32_t)cqe->user_data;
	switch ((enum op)(cqe->user_data >> 32)) {
	case ACCEPT:
		accepted(l, fd, cqe);
		break;
	case RECV:
		received(l, fd, cqe);
		break;
	case SEND:
		sent(l, fd, cqe->res);
		break;
	}
}

static void set_up(struct loop *l)
{
	struct io_uring_params params = {
		.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE,
		.cq_entries = 4 * ENTRIES,
	};
	check_ring(io_uring_queue_init_params(ENTRIES, &l->ring, &params), "io_uring_queue_init");

	size_t size = BUFFERS * sizeof(struct io_uring_buf);
	if (posix_memalign((void **)&l->unused, sysconf(_SC_PAGESIZE), size))
		check(-1, "posix_memalign");
	io_uring_buf_ring_init(l->unused);
	struct io_uring_buf_reg reg = {
		.ring_addr = (uintptr_t)l->unused,
		.ring_entries = BUFFERS,
		.bgid = GROUP,
	};
	check_ring(io_uring_register_buf_ring(&l->ring, &reg, 0), "io_uring_register_buf_ring");
	l->memory = must_alloc((size_t)BUFFERS * BUF_SIZE);
	l->starved = zeroed_per_fd(sizeof *l->starved);
	for (int b = 0; b < BUFFERS; b++)
		give_back(l, b);
}

static void *loop(void *arg)
{
	/* Here, since the ring belongs to the thread that made it. */
	struct loop *l = must_alloc(sizeof *l);
	*l = (struct loop){0};
	set_up(l);
	start_accept(l, (int)(intptr_t)arg);
	for (;;) {
		int n = io_uring_submit_and_wait(&l->ring, 1);
		if (n != -EINTR && n != -EAGAIN && n != -EBUSY)
			check_ring(n, "io_uring_submit_and_wait");
		struct io_uring_cqe *cqe;
		unsigned head, seen = 0;
		io_uring_for_each_cqe(&l->ring, head, cqe) {
			complete(l, cqe);
			seen++;
		}
		io_uring_cq_advance(&l->ring, seen);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	conns = zeroed_per_fd(sizeof *conns);
	return serve(argc, argv, loop);
}
