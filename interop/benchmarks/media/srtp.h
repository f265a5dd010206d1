/* SRTP with AES-128-GCM (RFC 3711, RFC 7714) for one direction: cheap, with OpenSSL alone. */
#ifndef SRTP_H
#define SRTP_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SRTP_KEY = 16, SRTP_SALT = 12, SRTP_TAG = 16, RTP_HEADER = 12 };

struct srtp {
    EVP_CIPHER_CTX *cipher; /* NULL: nothing is protected. */
    uint8_t salt[SRTP_SALT];
    bool has_begun;
    uint16_t highest; /* The latest sequence number. */
    uint32_t rollovers;
};

/* Takes the master key and salt. */
void srtp_begin(struct srtp *srtp, const uint8_t key[SRTP_KEY], const uint8_t salt[SRTP_SALT], bool is_sender);

/* Protects a packet whose header is the fixed one alone, in place; gives its new size. */
size_t srtp_seal(struct srtp *srtp, uint8_t *packet, size_t size);

/* Reverses that; 0 where the packet is not the sender's. Replays are for the caller to find. */
size_t srtp_open(struct srtp *srtp, uint8_t *packet, size_t size);

#endif
