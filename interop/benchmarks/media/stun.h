/* As much of STUN (RFC 8489) as the checks of ICE (RFC 8445) need. */
#ifndef STUN_H
#define STUN_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

enum { STUN_REQUEST = 0x0001, STUN_SUCCESS = 0x0101, STUN_ID = 12 };

/* A check that nominates; returns its size. */
size_t stun_write_check(uint8_t *out, const uint8_t id[STUN_ID], const char *username, const char *password);

/* The answer to a peer's check. */
size_t stun_write_success(
    uint8_t *out, const uint8_t id[STUN_ID], const struct sockaddr_in *from, const char *password);

/* The type of a message, 0 where it is none. */
unsigned stun_type(const uint8_t *bytes, size_t size);

const uint8_t *stun_id(const uint8_t *bytes);

#endif
