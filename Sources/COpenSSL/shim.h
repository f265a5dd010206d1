#ifndef SWITCHHOOK_COPENSSL_SHIM_H
#define SWITCHHOOK_COPENSSL_SHIM_H

// What Swift cannot import: function-like macros, variadic functions, and constants made by a macro with an argument.

#include <stdint.h>
#include <sys/time.h>

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

// A new key on the P-256 curve; the caller frees it.
static inline EVP_PKEY *switchhook_openssl_p256_key(void) { return EVP_EC_gen("P-256"); }

// The settings of a DTLS 1.2 context that carries nothing but the handshake; 1 where all were taken.
//
// No tickets, no cache and no renegotiation: each association is agreed on once. The size of a datagram is ours
// (SSL_OP_NO_QUERY_MTU), for there is no socket to ask. Idle sessions give their record buffers back.
static inline int switchhook_openssl_dtls_settings(
    SSL_CTX *context, const char *ciphers, const char *groups, long certificate_limit, long fragment) {
  SSL_CTX_set_options(
      context, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_max_cert_list(context, certificate_limit);
  SSL_CTX_set_security_level(context, 2);
  return SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION) == 1
      && SSL_CTX_set_max_proto_version(context, DTLS1_2_VERSION) == 1
      && SSL_CTX_set_cipher_list(context, ciphers) == 1 && SSL_CTX_set1_groups_list(context, groups) == 1
      && SSL_CTX_set_max_send_fragment(context, fragment) == 1;
}

// The most bytes that one datagram of the handshake may hold.
static inline long switchhook_openssl_set_mtu(SSL *ssl, long bytes) { return SSL_set_mtu(ssl, bytes); }

// The microseconds until the flight that is under way is sent again, 0 where that is due; -1 where none is.
static inline int64_t switchhook_openssl_dtls_timeout(SSL *ssl) {
  struct timeval left;
  if (DTLSv1_get_timeout(ssl, &left) != 1) return -1;
  return (int64_t) left.tv_sec * 1000000 + left.tv_usec;
}

// Sends the flight again where that is due; negative where OpenSSL gives up.
static inline long switchhook_openssl_dtls_timed_out(SSL *ssl) { return DTLSv1_handle_timeout(ssl); }

// SHA-1 after the key block of the inner hash of HMAC, and after that of the outer (RFC 2104 §4).
//
// With EVP of OpenSSL 3.0 each hash that begins allocates, and so does each state that is copied. The functions
// below do neither; they are called deprecated since 3.0, which Swift would warn of.
typedef struct {
  SHA_CTX inner;
  SHA_CTX outer;
} switchhook_hmac_sha1;

// Makes the two states of a key, which has 64 bytes at most; 1 where that went well.
static inline int switchhook_openssl_hmac_sha1_key(switchhook_hmac_sha1 *states, const void *key, size_t length) {
  unsigned char block[SHA_CBLOCK] = {0};
  if (length > sizeof block) return 0;
  for (size_t i = 0; i < length; i++) block[i] = ((const unsigned char *) key)[i];
  for (size_t i = 0; i < sizeof block; i++) block[i] ^= 0x36;
  int done = SHA1_Init(&states->inner) == 1 && SHA1_Update(&states->inner, block, sizeof block) == 1;
  for (size_t i = 0; i < sizeof block; i++) block[i] ^= 0x36 ^ 0x5C;
  done = done && SHA1_Init(&states->outer) == 1 && SHA1_Update(&states->outer, block, sizeof block) == 1;
  OPENSSL_cleanse(block, sizeof block);
  return done;
}

// Writes the 20 bytes of HMAC-SHA1 over `bytes` and the four bytes at `word`; 1 where that went well.
//
// What stays on the stack is no secret: the last block is cleansed by OpenSSL, and the states have become hashes.
static inline int switchhook_openssl_hmac_sha1(
    const switchhook_hmac_sha1 *states, const void *bytes, size_t length, const void *word, void *value) {
  SHA_CTX state = states->inner;
  if (SHA1_Update(&state, bytes, length) != 1 || SHA1_Update(&state, word, 4) != 1 || SHA1_Final(value, &state) != 1)
    return 0;
  state = states->outer;
  return SHA1_Update(&state, value, SHA_DIGEST_LENGTH) == 1 && SHA1_Final(value, &state) == 1;
}

#endif
