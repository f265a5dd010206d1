#include "browser.h"

#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static SSL_CTX *context;
static char fingerprint[3 * 32];
static const char password[] = "nobodyneedstoguessthis00";
static struct outbox *outbox;

static void require(bool is_well, const char *what) {
    if (is_well) return;
    fprintf(stderr, "media: %s\n", what);
    ERR_print_errors_fp(stderr);
    exit(1);
}

/* A load generator trusts everyone. */
static int trust(int is_well, X509_STORE_CTX *store) {
    (void)is_well, (void)store;
    return 1;
}

static void make_certificate(void) {
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    require(key != NULL && certificate != NULL, "no key");
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
    X509_NAME_add_entry_by_txt(
        X509_get_subject_name(certificate), "CN", MBSTRING_ASC, (const uint8_t *)"load", -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    X509_set_pubkey(certificate, key);
    require(X509_sign(certificate, key, EVP_sha256()) > 0, "no certificate");
    SSL_CTX_use_certificate(context, certificate);
    SSL_CTX_use_PrivateKey(context, key);
    uint8_t digest[32];
    X509_digest(certificate, EVP_sha256(), digest, NULL);
    for (int index = 0; index < 32; index++)
        sprintf(fingerprint + 3 * index, index < 31 ? "%02X:" : "%02X", digest[index]);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

void browsers_begin(struct outbox *out) {
    outbox = out;
    context = SSL_CTX_new(DTLS_method());
    require(context != NULL, "no OpenSSL");
    require(SSL_CTX_set_tlsext_use_srtp(context, "SRTP_AEAD_AES_128_GCM") == 0, "no SRTP");
    SSL_CTX_set_min_proto_version(context, DTLS1_2_VERSION);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, trust);
    SSL_CTX_set_options(context, SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET);
    make_certificate();
}

const char *browsers_fingerprint(void) { return fingerprint; }
const char *browsers_password(void) { return password; }

/* The keys that both sides have in common now (RFC 5764 section 4.2). */
static void agree(struct browser *browser) {
    static const char label[] = "EXTRACTOR-dtls_srtp";
    uint8_t material[2 * (SRTP_KEY + SRTP_SALT)];
    if (SSL_get_selected_srtp_profile(browser->ssl) == NULL
        || SSL_export_keying_material(
               browser->ssl, material, sizeof material, label, strlen(label), NULL, 0, 0) != 1) {
        browser->state = BROWSER_FAILED;
        return;
    }
    const uint8_t *keys[2] = {material, material + SRTP_KEY};
    const uint8_t *salts[2] = {material + 2 * SRTP_KEY, material + 2 * SRTP_KEY + SRTP_SALT};
    bool ours = !browser->is_client; /* The client's are first. */
    srtp_begin(&browser->out, keys[ours], salts[ours], true);
    srtp_begin(&browser->in, keys[!ours], salts[!ours], false);
    browser->state = BROWSER_UP;
}

/* All that OpenSSL has written is one datagram: a flight with a small certificate fits in. */
static void send_flight(struct browser *browser) {
    int size = BIO_read(SSL_get_wbio(browser->ssl), outbox_room(outbox), DATAGRAM);
    if (size > 0) outbox_add(outbox, (size_t)size, browser->address, &browser->peer, NULL);
}

static void shake_hands(struct browser *browser) {
    ERR_clear_error();
    int result = SSL_do_handshake(browser->ssl);
    send_flight(browser);
    if (result == 1) {
        agree(browser);
    } else if (SSL_get_error(browser->ssl, result) != SSL_ERROR_WANT_READ) {
        ERR_print_errors_fp(stderr);
        browser->state = BROWSER_FAILED;
    }
}

void browser_connect(struct browser *browser, const char *peer_ufrag, const char *peer_password, bool is_client) {
    snprintf(browser->username, sizeof browser->username, "%s:%s", peer_ufrag, browser->ufrag);
    snprintf(browser->password, sizeof browser->password, "%s", peer_password);
    browser->is_client = is_client;
    browser->ssl = SSL_new(context);
    require(browser->ssl != NULL, "no DTLS session");
    SSL_set_bio(browser->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_mtu(browser->ssl, 1400);
    if (is_client)
        SSL_set_connect_state(browser->ssl);
    else
        SSL_set_accept_state(browser->ssl);
    browser->state = BROWSER_CHECKING;
    browser_check(browser);
}

void browser_check(struct browser *browser) {
    RAND_bytes(browser->check, STUN_ID);
    size_t size = stun_write_check(outbox_room(outbox), browser->check, browser->username, browser->password);
    outbox_add(outbox, size, browser->address, &browser->peer, NULL);
}

void browser_remind(struct browser *browser) {
    if (browser->state == BROWSER_CHECKING) {
        browser_check(browser);
    } else if (browser->state == BROWSER_SHAKING_HANDS) {
        DTLSv1_handle_timeout(browser->ssl);
        send_flight(browser);
    }
}

static void take_stun(struct browser *browser, const struct arrival *arrival) {
    const uint8_t *id = stun_id(arrival->bytes);
    if (stun_type(arrival->bytes, arrival->size) == STUN_REQUEST) {
        size_t size = stun_write_success(outbox_room(outbox), id, &arrival->from, password);
        outbox_add(outbox, size, browser->address, &arrival->from, NULL);
    } else if (
        stun_type(arrival->bytes, arrival->size) == STUN_SUCCESS && browser->state == BROWSER_CHECKING
        && memcmp(id, browser->check, STUN_ID) == 0) {
        browser->state = BROWSER_SHAKING_HANDS;
        shake_hands(browser);
    }
}

void browser_take(struct browser *browser, const struct arrival *arrival) {
    if (browser->ssl == NULL || arrival->size == 0) return;
    if (arrival->bytes[0] < 4) {
        take_stun(browser, arrival);
    } else if (arrival->bytes[0] >= 20 && arrival->bytes[0] < 64 && browser->state < BROWSER_UP) {
        /* The peer's first flight proves the path as well as the answer to the check, and may overtake it. */
        browser->state = BROWSER_SHAKING_HANDS;
        BIO_write(SSL_get_rbio(browser->ssl), arrival->bytes, (int)arrival->size);
        shake_hands(browser);
    }
}
