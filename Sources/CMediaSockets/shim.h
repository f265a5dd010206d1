#ifndef SWITCHHOOK_CMEDIASOCKETS_SHIM_H
#define SWITCHHOOK_CMEDIASOCKETS_SHIM_H

#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

// As `struct mmsghdr` of Linux, which the C library shows only under _GNU_SOURCE, a macro that doesn't reach a module.
struct media_message {
    struct msghdr header;
    unsigned int length;
};

// Each returns the number of messages, or the negated errno.
static inline int media_receive(int descriptor, struct media_message *messages, unsigned int count) {
    long result = syscall(SYS_recvmmsg, descriptor, messages, count, MSG_DONTWAIT, (void *)0);
    return result < 0 ? -errno : (int)result;
}

static inline int media_send(int descriptor, struct media_message *messages, unsigned int count) {
    long result = syscall(SYS_sendmmsg, descriptor, messages, count, MSG_DONTWAIT | MSG_NOSIGNAL);
    return result < 0 ? -errno : (int)result;
}

// A non-blocking UDP socket that is not handed on to child processes; the descriptor, or the negated errno.
static inline int media_udp_socket(int family) {
    int descriptor = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return descriptor < 0 ? -errno : descriptor;
}

// An event counter for waking the loop; the descriptor, or the negated errno.
static inline int media_event_counter(void) {
    int descriptor = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return descriptor < 0 ? -errno : descriptor;
}

static inline int media_epoll(void) {
    int descriptor = epoll_create1(EPOLL_CLOEXEC);
    return descriptor < 0 ? -errno : descriptor;
}

// 0, or the negated errno.
static inline int media_epoll_add(int epoll, int descriptor, uint64_t token) {
    struct epoll_event event = {.events = EPOLLIN, .data = {.u64 = token}};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) < 0 ? -errno : 0;
}

// Whether all of it was filled with random bytes.
static inline int media_random(void *bytes, size_t count) {
    return getrandom(bytes, count, 0) == (ssize_t)count;
}

#endif
