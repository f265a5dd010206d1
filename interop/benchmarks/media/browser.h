/* The browser's end of a call: ICE, DTLS 1.2 and SRTP, all over one socket that the browsers share. */
#ifndef BROWSER_H
#define BROWSER_H

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

#include "srtp.h"
#include "stun.h"
#include "wire.h"

struct browser {
    enum { BROWSER_IDLE, BROWSER_CHECKING, BROWSER_SHAKING_HANDS, BROWSER_UP, BROWSER_FAILED } state;
    struct in_addr address;
    struct sockaddr_in peer;
    char ufrag[16];
    char username[300]; /* The peer's user name fragment, a colon and ours. */
    char password[260]; /* The peer's. */
    bool is_client;
    uint8_t check[STUN_ID];
    SSL *ssl;
    struct srtp out, in;
};

/* Makes the certificate; what browsers say goes there. */
void browsers_begin(struct outbox *out);

/* The certificate's SHA-256, as `a=fingerprint` has it. */
const char *browsers_fingerprint(void);

/* The password of every browser. */
const char *browsers_password(void);

/* Connects to the peer that a description tells of; `is_client`: it begins the handshake. */
void browser_connect(struct browser *browser, const char *peer_ufrag, const char *peer_password, bool is_client);

/* Sends a check: to connect, and every few seconds, for the consent to go on (RFC 7675). */
void browser_check(struct browser *browser);

/* Sends again what was lost; to be called a few times a second while it connects. */
void browser_remind(struct browser *browser);

/* A datagram that is no media. */
void browser_take(struct browser *browser, const struct arrival *arrival);

#endif
