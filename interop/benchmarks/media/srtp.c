#include "srtp.h"

#include <string.h>

enum { LABEL_KEY = 0, LABEL_SALT = 2 };

/* A session key or salt (RFC 3711 section 4.3.1): the key stream from a place that the label names. */
static void derive(uint8_t *out, int size, const uint8_t *key, const uint8_t *salt, uint8_t label) {
    uint8_t counter[16] = {0}, zeros[16] = {0};
    memcpy(counter, salt, SRTP_SALT);
    counter[7] ^= label;
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    EVP_EncryptInit_ex(cipher, EVP_aes_128_ctr(), NULL, key, counter);
    EVP_EncryptUpdate(cipher, out, &size, zeros, size);
    EVP_CIPHER_CTX_free(cipher);
}

void srtp_begin(struct srtp *srtp, const uint8_t key[SRTP_KEY], const uint8_t salt[SRTP_SALT], bool is_sender) {
    uint8_t session_key[SRTP_KEY];
    *srtp = (struct srtp){.cipher = EVP_CIPHER_CTX_new()};
    derive(session_key, SRTP_KEY, key, salt, LABEL_KEY);
    derive(srtp->salt, SRTP_SALT, key, salt, LABEL_SALT);
    EVP_CipherInit_ex(srtp->cipher, EVP_aes_128_gcm(), NULL, session_key, NULL, is_sender);
}

/* Begins a packet: its nonce (RFC 7714 section 8.1), and its header as what is not hidden. */
static void begin_packet(struct srtp *srtp, const uint8_t *packet) {
    uint16_t sequence = (uint16_t)(packet[2] << 8 | packet[3]);
    if (!srtp->has_begun) srtp->highest = sequence;
    srtp->has_begun = true;
    int16_t ahead = (int16_t)(sequence - srtp->highest);
    uint32_t rollovers = srtp->rollovers;
    if (ahead > 0 && sequence < srtp->highest) rollovers++;
    if (ahead < 0 && sequence > srtp->highest) rollovers--;
    if (ahead > 0) {
        srtp->highest = sequence;
        srtp->rollovers = rollovers;
    }
    uint8_t nonce[SRTP_SALT] = {0};
    memcpy(nonce + 2, packet + 8, 4);
    for (int index = 0; index < 4; index++) nonce[6 + index] = (uint8_t)(rollovers >> (24 - 8 * index));
    memcpy(nonce + 10, packet + 2, 2);
    for (int index = 0; index < SRTP_SALT; index++) nonce[index] ^= srtp->salt[index];
    int size;
    EVP_CipherInit_ex(srtp->cipher, NULL, NULL, NULL, nonce, -1);
    EVP_CipherUpdate(srtp->cipher, NULL, &size, packet, RTP_HEADER);
}

size_t srtp_seal(struct srtp *srtp, uint8_t *packet, size_t size) {
    int count = (int)(size - RTP_HEADER), rest;
    begin_packet(srtp, packet);
    EVP_CipherUpdate(srtp->cipher, packet + RTP_HEADER, &count, packet + RTP_HEADER, count);
    EVP_CipherFinal_ex(srtp->cipher, packet + size, &rest);
    EVP_CIPHER_CTX_ctrl(srtp->cipher, EVP_CTRL_AEAD_GET_TAG, SRTP_TAG, packet + size);
    return size + SRTP_TAG;
}

size_t srtp_open(struct srtp *srtp, uint8_t *packet, size_t size) {
    if (size < RTP_HEADER + SRTP_TAG || packet[0] != 0x80) return 0;
    int count = (int)(size - RTP_HEADER - SRTP_TAG), rest;
    begin_packet(srtp, packet);
    EVP_CipherUpdate(srtp->cipher, packet + RTP_HEADER, &count, packet + RTP_HEADER, count);
    EVP_CIPHER_CTX_ctrl(srtp->cipher, EVP_CTRL_AEAD_SET_TAG, SRTP_TAG, packet + size - SRTP_TAG);
    return EVP_CipherFinal_ex(srtp->cipher, packet, &rest) > 0 ? size - SRTP_TAG : 0;
}
