#include "stun.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

enum { HEADER = 20, COOKIE = 0x2112A442, FINGERPRINT_XOR = 0x5354554E };
enum {
    USERNAME = 0x0006,
    MESSAGE_INTEGRITY = 0x0008,
    XOR_MAPPED_ADDRESS = 0x0020,
    PRIORITY = 0x0024,
    USE_CANDIDATE = 0x0025,
    FINGERPRINT = 0x8028,
    ICE_CONTROLLING = 0x802A,
};

static void put16(uint8_t *at, unsigned value) {
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value) {
    put16(at, value >> 16);
    put16(at + 2, value & 0xFFFF);
}

static size_t begin(uint8_t *out, unsigned type, const uint8_t id[STUN_ID]) {
    put16(out, type);
    put32(out + 4, COOKIE);
    memcpy(out + 8, id, STUN_ID);
    return HEADER;
}

static size_t add(uint8_t *out, size_t size, unsigned type, const void *value, size_t length) {
    size_t padded = (length + 3) & ~(size_t)3;
    put16(out + size, type);
    put16(out + size + 2, (unsigned)length);
    memset(out + size + 4, 0, padded);
    if (length > 0) memcpy(out + size + 4, value, length);
    return size + 4 + padded;
}

static uint32_t crc32(const uint8_t *bytes, size_t size) {
    uint32_t crc = 0xFFFFFFFF;
    for (size_t index = 0; index < size; index++) {
        crc ^= bytes[index];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320 : 0);
    }
    return ~crc;
}

/* MESSAGE-INTEGRITY and FINGERPRINT; each is over a header whose length counts it already. */
static size_t finish(uint8_t *out, size_t size, const char *password) {
    uint8_t digest[EVP_MAX_MD_SIZE], crc[4];
    put16(out + 2, (unsigned)(size + 24 - HEADER));
    HMAC(EVP_sha1(), password, (int)strlen(password), out, size, digest, NULL);
    size = add(out, size, MESSAGE_INTEGRITY, digest, 20);
    put16(out + 2, (unsigned)(size + 8 - HEADER));
    put32(crc, crc32(out, size) ^ FINGERPRINT_XOR);
    return add(out, size, FINGERPRINT, crc, sizeof crc);
}

size_t stun_write_check(uint8_t *out, const uint8_t id[STUN_ID], const char *username, const char *password) {
    static const uint8_t priority[4] = {0x6E, 0x7F, 0x1E, 0xFF}, tiebreaker[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    size_t size = begin(out, STUN_REQUEST, id);
    size = add(out, size, USERNAME, username, strlen(username));
    size = add(out, size, PRIORITY, priority, sizeof priority);
    size = add(out, size, ICE_CONTROLLING, tiebreaker, sizeof tiebreaker);
    size = add(out, size, USE_CANDIDATE, NULL, 0);
    return finish(out, size, password);
}

size_t stun_write_success(
    uint8_t *out, const uint8_t id[STUN_ID], const struct sockaddr_in *from, const char *password) {
    uint8_t address[8] = {0, 1};
    put16(address + 2, ntohs(from->sin_port) ^ (COOKIE >> 16));
    put32(address + 4, ntohl(from->sin_addr.s_addr) ^ COOKIE);
    size_t size = begin(out, STUN_SUCCESS, id);
    size = add(out, size, XOR_MAPPED_ADDRESS, address, sizeof address);
    return finish(out, size, password);
}

unsigned stun_type(const uint8_t *bytes, size_t size) {
    return size >= HEADER && bytes[0] < 4 ? (unsigned)bytes[0] << 8 | bytes[1] : 0;
}

const uint8_t *stun_id(const uint8_t *bytes) { return bytes + 8; }
