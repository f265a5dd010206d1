/* Datagrams in batches: many ends share a socket, and each has a loopback address of its own. */
#ifndef WIRE_H
#define WIRE_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum { DATAGRAM = 2048, BATCH = 16 };

/* Nanoseconds of the clock that the kernel stamps arrivals with, and that the rig reads, too. */
uint64_t wire_now(void);

/* A socket at this port of every loopback address. */
int wire_open(uint16_t port);

/* Datagrams that the kernel dropped because the socket was not read in time. */
uint32_t wire_dropped(int socket);

/* Gathers datagrams for one system call. */
struct outbox {
    int socket;
    unsigned count;
    struct {
        struct sockaddr_in to;
        struct iovec vector;
        _Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(struct in_pktinfo))];
        uint8_t bytes[DATAGRAM];
        uint64_t *stamp;
    } letters[BATCH];
};

/* Where the next datagram is to be written. */
uint8_t *outbox_room(struct outbox *box);

/* Adds what was written there; `stamp`, if there is one, gets the time right before the system call. */
void outbox_add(struct outbox *box, size_t size, struct in_addr from, const struct sockaddr_in *to, uint64_t *stamp);

void outbox_send(struct outbox *box);

struct arrival {
    uint8_t *bytes;
    size_t size;
    struct sockaddr_in from;
    struct in_addr to;
    uint64_t at; /* When the kernel had it, however late it is read. */
};

/* Hands over what has come; a few thousand datagrams at most, so that other things get their turn. */
void wire_read(int socket, void (*take)(const struct arrival *));

#endif
