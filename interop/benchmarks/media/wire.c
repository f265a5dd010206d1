#define _GNU_SOURCE
#include "wire.h"

#include <linux/sock_diag.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RECEIVED_AT_ONCE = 64, TIMES = 64, BUFFER = 32 << 20 };

uint64_t wire_now(void) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

int wire_open(uint16_t port) {
    int file = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1, room = BUFFER;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = INADDR_ANY};
    setsockopt(file, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
    setsockopt(file, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    /* Without the right to have that much we have what everybody may. */
    if (setsockopt(file, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) != 0)
        setsockopt(file, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    if (bind(file, (struct sockaddr *)&address, sizeof address) != 0) {
        perror("media: bind");
        exit(1);
    }
    return file;
}

uint32_t wire_dropped(int socket) {
    uint32_t values[SK_MEMINFO_VARS] = {0};
    socklen_t size = sizeof values;
    getsockopt(socket, SOL_SOCKET, SO_MEMINFO, values, &size);
    return values[SK_MEMINFO_DROPS];
}

uint8_t *outbox_room(struct outbox *box) { return box->letters[box->count].bytes; }

void outbox_add(struct outbox *box, size_t size, struct in_addr from, const struct sockaddr_in *to, uint64_t *stamp) {
    unsigned index = box->count++;
    struct cmsghdr *control = (struct cmsghdr *)box->letters[index].control;
    struct in_pktinfo source = {.ipi_spec_dst = from};
    *control = (struct cmsghdr){CMSG_LEN(sizeof source), IPPROTO_IP, IP_PKTINFO};
    memcpy(CMSG_DATA(control), &source, sizeof source);
    box->letters[index].to = *to;
    box->letters[index].vector = (struct iovec){box->letters[index].bytes, size};
    box->letters[index].stamp = stamp;
    if (box->count == BATCH) outbox_send(box);
}

void outbox_send(struct outbox *box) {
    struct mmsghdr messages[BATCH] = {0};
    for (unsigned index = 0; index < box->count; index++) {
        struct msghdr *header = &messages[index].msg_hdr;
        header->msg_name = &box->letters[index].to;
        header->msg_namelen = sizeof box->letters[index].to;
        header->msg_iov = &box->letters[index].vector;
        header->msg_iovlen = 1;
        header->msg_control = box->letters[index].control;
        header->msg_controllen = sizeof box->letters[index].control;
    }
    uint64_t now = wire_now();
    for (unsigned index = 0; index < box->count; index++)
        if (box->letters[index].stamp != NULL) *box->letters[index].stamp = now;
    for (unsigned sent = 0; sent < box->count;) {
        int result = sendmmsg(box->socket, messages + sent, box->count - sent, 0);
        sent += result > 0 ? (unsigned)result : 1; /* One that is refused counts as lost. */
    }
    box->count = 0;
}

void wire_read(int socket, void (*take)(const struct arrival *)) {
    static uint8_t bytes[RECEIVED_AT_ONCE][DATAGRAM];
    static _Alignas(struct cmsghdr) uint8_t controls[RECEIVED_AT_ONCE][128];
    struct sockaddr_in from[RECEIVED_AT_ONCE];
    struct iovec vectors[RECEIVED_AT_ONCE];
    struct mmsghdr messages[RECEIVED_AT_ONCE];
    int count = RECEIVED_AT_ONCE;
    for (int time = 0; time < TIMES && count == RECEIVED_AT_ONCE; time++) {
        for (int index = 0; index < RECEIVED_AT_ONCE; index++) {
            vectors[index] = (struct iovec){bytes[index], DATAGRAM};
            messages[index].msg_hdr = (struct msghdr){
                .msg_name = &from[index],
                .msg_namelen = sizeof from[index],
                .msg_iov = &vectors[index],
                .msg_iovlen = 1,
                .msg_control = controls[index],
                .msg_controllen = sizeof controls[index],
            };
        }
        count = recvmmsg(socket, messages, RECEIVED_AT_ONCE, MSG_DONTWAIT, NULL);
        for (int index = 0; index < count; index++) {
            struct arrival arrival = {.bytes = bytes[index], .size = messages[index].msg_len, .from = from[index]};
            struct msghdr *header = &messages[index].msg_hdr;
            for (struct cmsghdr *control = CMSG_FIRSTHDR(header); control; control = CMSG_NXTHDR(header, control)) {
                if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO) {
                    arrival.to = ((struct in_pktinfo *)CMSG_DATA(control))->ipi_addr;
                } else if (control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_TIMESTAMPNS) {
                    struct timespec time;
                    memcpy(&time, CMSG_DATA(control), sizeof time);
                    arrival.at = (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
                }
            }
            take(&arrival);
        }
    }
}
