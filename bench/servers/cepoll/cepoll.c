/* The limit of readiness: an echo server on raw epoll, edge-triggered, a thread
 * a loop, each with a listener of its own (SO_REUSEPORT). Connections have no
 * state but the bytes that a slow peer has not taken yet. */

#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../common.h"

enum { MAX_EVENTS = 256, BUF_SIZE = 64 << 10 };

/* The unsent tail of an echo. While there is one the connection is not read. */
struct tail {
	char *bytes;
	size_t len;
};

/* By descriptor, so that a loop touches only the entries of its own. */
static struct tail *tails;

static void hang_up(int fd)
{
	free(tails[fd].bytes);
	tails[fd] = (struct tail){0};
	close(fd);
}

/* Sends what it can: the number of bytes, or -1 if the peer has gone. */
static ssize_t push(int fd, const char *p, size_t n)
{
	size_t sent = 0;
	while (sent < n) {
		ssize_t k = send(fd, p + sent, n - sent, MSG_NOSIGNAL);
		if (k >= 0)
			sent += k;
		else if (errno == EAGAIN)
			break;
		else if (errno != EINTR)
			return -1;
	}
	return sent;
}

/* Sends a tail of old: 1 when nothing is left, 0 when the peer is slow, -1 when
 * it has gone. */
static int flush_tail(int fd)
{
	struct tail *t = &tails[fd];
	if (!t->len)
		return 1;
	ssize_t sent = push(fd, t->bytes, t->len);
	if (sent < 0)
		return -1;
	t->len -= sent;
	if (t->len) {
		memmove(t->bytes, t->bytes + sent, t->len);
		return 0;
	}
	free(t->bytes);
	t->bytes = NULL;
	return 1;
}

/* Edge-triggered: goes on until the socket is empty. A short read says so
 * without another call, unless the peer has closed its side, which an event of
 * its own told. */
static void echo(int fd, uint32_t events, char *buf)
{
	int flushed = flush_tail(fd);
	if (flushed < 0)
		hang_up(fd);
	if (flushed <= 0)
		return;
	for (;;) {
		ssize_t n = recv(fd, buf, BUF_SIZE, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0)
			return hang_up(fd);
		ssize_t sent = push(fd, buf, n);
		if (sent < 0)
			return hang_up(fd);
		if (sent < n) {
			struct tail *t = &tails[fd];
			t->len = n - sent;
			t->bytes = must_alloc(t->len);
			memcpy(t->bytes, buf + sent, t->len);
			return;
		}
		if (n < BUF_SIZE && !(events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)))
			return;
	}
}

static void accept_all(int ep, int listener)
{
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			return; /* EAGAIN; whatever else there is, the next event tells */
		no_delay(fd);
		struct epoll_event ev = {
			.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
			.data.fd = fd,
		};
		check(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev), "epoll_ctl");
	}
}

static void *loop(void *arg)
{
	int listener = (int)(intptr_t)arg;
	int ep = check(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
	struct epoll_event ev = {.events = EPOLLIN, .data.fd = listener};
	check(epoll_ctl(ep, EPOLL_CTL_ADD, listener, &ev), "epoll_ctl");
	struct epoll_event events[MAX_EVENTS];
	char *buf = must_alloc(BUF_SIZE);
	for (;;) {
		int n = epoll_wait(ep, events, MAX_EVENTS, -1);
		if (n < 0 && errno != EINTR)
			check(n, "epoll_wait");
		for (int i = 0; i < n; i++) {
			if (events[i].data.fd == listener)
				accept_all(ep, listener);
			else
				echo(events[i].data.fd, events[i].events, buf);
		}
	}
	return NULL;
}

int main(int argc, char **argv)
{
	tails = zeroed_per_fd(sizeof *tails);
	return serve(argc, argv, loop);
}
