#ifndef SWITCHHOOK_CARES_SHIM_H
#define SWITCHHOOK_CARES_SHIM_H

// What Swift cannot import: the macros that read what ares_getsock gives, and how a channel is set up.

#include <ares.h>
#include <string.h>

// Opens a channel whose questions go to each server `tries` times; the wait doubles with each round.
static inline int switchhook_ares_open(ares_channel *channel, int timeout_milliseconds, int tries) {
  struct ares_options options;
  memset(&options, 0, sizeof options);
  options.timeout = timeout_milliseconds;
  options.tries = tries;
  return ares_init_options(channel, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES);
}

static inline int switchhook_ares_wants_read(int sockets, int index) {
  return ARES_GETSOCK_READABLE(sockets, index) != 0;
}

static inline int switchhook_ares_wants_write(int sockets, int index) {
  return ARES_GETSOCK_WRITABLE(sockets, index) != 0;
}

// How long to wait at most until ares_process_fd must be called, in milliseconds; -1: nothing is under way.
static inline int switchhook_ares_wait(ares_channel channel) {
  struct timeval time;
  struct timeval *left = ares_timeout(channel, NULL, &time);
  return left == NULL ? -1 : (int) (left->tv_sec * 1000 + left->tv_usec / 1000 + 1);
}

#endif
