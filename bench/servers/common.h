/* What the servers in C share: their command line, listeners and threads. */

#ifndef COMMON_H
#define COMMON_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* Ends the program when a call that must succeed has failed. */
static inline int check(int result, const char *what)
{
	if (result < 0) {
		perror(what);
		exit(1);
	}
	return result;
}

static inline void *must_alloc(size_t n)
{
	void *p = malloc(n);
	check(p ? 0 : -1, "malloc");
	return p;
}

/* An array with an entry for every descriptor that the process may open: pages
 * that are never touched cost nothing. */
static inline void *zeroed_per_fd(size_t entry)
{
	struct rlimit limit;
	check(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
	void *p = calloc(limit.rlim_cur, entry);
	check(p ? 0 : -1, "calloc");
	return p;
}

static inline void no_delay(int fd)
{
	int on = 1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static inline int listen_on(struct sockaddr_in *addr)
{
	int on = 1, fd = check(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket");
	check(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "SO_REUSEADDR");
	check(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on), "SO_REUSEPORT");
	check(bind(fd, (struct sockaddr *)addr, sizeof *addr), "bind");
	check(listen(fd, SOMAXCONN), "listen");
	/* Port 0 has become a real one, for the listeners that follow. */
	socklen_t len = sizeof *addr;
	check(getsockname(fd, (struct sockaddr *)addr, &len), "getsockname");
	return fd;
}

/* -addr HOST:PORT -loops N: runs N threads of loop, each with a listener. */
static inline int serve(int argc, char **argv, void *(*loop)(void *))
{
	char host[INET_ADDRSTRLEN] = "127.0.0.1";
	int port = 0, loops = 1;
	for (int i = 1; i + 1 < argc; i += 2) {
		if (!strcmp(argv[i], "-addr"))
			sscanf(argv[i + 1], "%15[^:]:%d", host, &port);
		else if (!strcmp(argv[i], "-loops"))
			loops = atoi(argv[i + 1]);
	}
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(port)};
	if (inet_pton(AF_INET, host, &addr.sin_addr) != 1) {
		fprintf(stderr, "bad address %s\n", host);
		return 2;
	}
	int listeners[64];
	if (loops < 1 || loops > 64) {
		fprintf(stderr, "bad number of loops\n");
		return 2;
	}
	for (int i = 0; i < loops; i++)
		listeners[i] = listen_on(&addr);
	printf("listening on %s:%d\n", host, ntohs(addr.sin_port));
	fflush(stdout);
	for (int i = 1; i < loops; i++) {
		pthread_t thread;
		if (pthread_create(&thread, NULL, loop, (void *)(intptr_t)listeners[i])) {
			fprintf(stderr, "pthread_create failed\n");
			return 1;
		}
	}
	loop((void *)(intptr_t)listeners[0]);
	return 0;
}

#endif
