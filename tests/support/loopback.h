/* loopback.h - what the test servers share about sockets and waiting. */
#ifndef SHARDFETCH_TESTS_LOOPBACK_H
#define SHARDFETCH_TESTS_LOOPBACK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* Listening socket on 127.0.0.1, port of the system's choice; -1 and errno when it fails. */
int loopback_listen(unsigned *ret_port);
/* The same on [::1], at `port` unless it is 0; -1 where there is no IPv6. */
int loopback_listen_ipv6(unsigned port, unsigned *ret_port);
/* A TCP reset, now. */
void loopback_reset(int fd);
/* Waits until `fd` is ready for `events`; false as soon as `stop_fd` is readable. */
bool loopback_wait(int fd, short events, int stop_fd);
/* The same with a limit in milliseconds (UINT64_MAX = none): 1 ready, 0 time over, -1 stop. */
int loopback_wait_ms(int fd, short events, int stop_fd, uint64_t ms);

/* A condition variable that waits by the monotonic clock, and its deadline. */
void loopback_cond_init(pthread_cond_t *c);
struct timespec loopback_deadline(uint64_t timeout_ms);

#endif
