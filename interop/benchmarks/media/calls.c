#include "calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAYLOAD = 160, PCMU = 0, CONSENT = 5 * PACKETS_PER_SECOND };

static struct call calls[CALLS];
static unsigned call_count; /* One more than the highest index in use. */
static struct outbox outboxes[SIDES];
static int control_socket; /* Where the phones' RTCP comes; nobody reads it. */
static struct way ways[SIDES];

void calls_begin(void) {
    outboxes[APP].socket = wire_open(APP_PORT);
    outboxes[PHONE].socket = wire_open(PHONE_PORT);
    control_socket = wire_open(PHONE_PORT + 1);
    browsers_begin(&outboxes[APP]);
}

/* Browsers are at 127.1.0.1 and above, phones at 127.2.0.1 and above. */
static struct in_addr address_of(unsigned index, enum side side) {
    return (struct in_addr){htonl(127u << 24 | (uint32_t)(side + 1) << 16 | (index + 1))};
}

struct call *call_at(unsigned index) {
    if (index >= CALLS) {
        fprintf(stderr, "media: no call %u\n", index);
        exit(64);
    }
    struct call *call = &calls[index];
    if (call->browser.ufrag[0] != 0) return call;
    for (enum side side = APP; side < SIDES; side++) call->ends[side].address = address_of(index, side);
    call->browser.address = call->ends[APP].address;
    snprintf(call->browser.ufrag, sizeof call->browser.ufrag, "app%05u", index);
    if (index >= call_count) call_count = index + 1;
    return call;
}

/* What is said: the call, the number of the packet, and a pattern. */
static void write_payload(uint8_t *at, uint32_t index, uint32_t number) {
    memset(at, 0xD5, PAYLOAD);
    memcpy(at, &index, sizeof index);
    memcpy(at + sizeof index, &number, sizeof number);
}

static void say(struct call *call, enum side side) {
    struct end *end = &call->ends[side];
    struct outbox *box = &outboxes[side];
    uint8_t *packet = outbox_room(box);
    uint32_t index = (uint32_t)(call - calls), number = end->said++;
    uint16_t sequence = htons((uint16_t)number);
    uint32_t timestamp = htonl(number * PAYLOAD), ssrc = htonl(0x10000u * (side + 1) + index);
    packet[0] = 0x80;
    packet[1] = PCMU;
    memcpy(packet + 2, &sequence, sizeof sequence);
    memcpy(packet + 4, &timestamp, sizeof timestamp);
    memcpy(packet + 8, &ssrc, sizeof ssrc);
    write_payload(packet + RTP_HEADER, index, number);
    size_t size = RTP_HEADER + PAYLOAD;
    if (side == APP && call->browser.out.cipher != NULL) size = srtp_seal(&call->browser.out, packet, size);
    outbox_add(box, size, end->address, &end->peer, &end->said_at[number % REMEMBERED]);
}

/* The first packet goes at once, the others when it is the call's turn. */
void call_speak(struct call *call, enum side side, struct sockaddr_in to) {
    call->ends[side].peer = to;
    call->ends[side].speaks = true;
    say(call, side);
    outbox_send(&outboxes[side]);
}

void call_speak_directly(struct call *call) {
    call_speak(call, APP, (struct sockaddr_in){AF_INET, htons(PHONE_PORT), call->ends[PHONE].address, {0}});
    call_speak(call, PHONE, (struct sockaddr_in){AF_INET, htons(APP_PORT), call->ends[APP].address, {0}});
}

void calls_speak(unsigned slot, unsigned slots) {
    for (enum side side = APP; side < SIDES; side++) {
        for (unsigned index = slot; index < call_count; index += slots)
            if (calls[index].ends[side].speaks) say(&calls[index], side);
        outbox_send(&outboxes[side]);
    }
    for (unsigned index = slot; index < call_count; index += slots) {
        struct call *call = &calls[index];
        if (call->browser.state == BROWSER_UP && call->ends[APP].said % CONSENT == CONSENT - 1)
            browser_check(&call->browser);
    }
}

static void hear(struct call *call, enum side side, const uint8_t *packet, size_t size, uint64_t at) {
    struct end *end = &call->ends[side], *other = &call->ends[!side];
    uint8_t expected[PAYLOAD];
    uint32_t number;
    memcpy(&number, packet + RTP_HEADER + sizeof(uint32_t), sizeof number);
    write_payload(expected, (uint32_t)(call - calls), number);
    uint64_t *said_at = &other->said_at[number % REMEMBERED];
    bool is_recent = other->said - number - 1 < REMEMBERED && *said_at != 0;
    if (size != RTP_HEADER + PAYLOAD || memcmp(packet + RTP_HEADER, expected, PAYLOAD) != 0 || !is_recent) {
        ways[side].strange++;
        return;
    }
    if (end->heard_at == 0) end->heard_at = at;
    if (number - other->window_from < other->window_to - other->window_from) {
        ways[side].heard++;
        spans_add(&ways[side].spans, (int64_t)(at - *said_at));
    }
    *said_at = 0;
}

static struct call *call_of(const struct arrival *arrival) {
    unsigned index = (ntohl(arrival->to.s_addr) & 0xFFFF) - 1;
    return index < call_count ? &calls[index] : NULL;
}

static bool is_rtp(const struct arrival *arrival) {
    if (arrival->size < RTP_HEADER + 2 * sizeof(uint32_t) || arrival->bytes[0] >> 6 != 2) return false;
    return (arrival->bytes[1] & 0x7F) < 64 || (arrival->bytes[1] & 0x7F) >= 96;
}

static void take_at_app(const struct arrival *arrival) {
    struct call *call = call_of(arrival);
    if (call == NULL) return;
    if (!is_rtp(arrival)) {
        browser_take(&call->browser, arrival);
        if (call->browser.state != BROWSER_UP || call->ends[APP].speaks) return;
        call_speak(call, APP, call->browser.peer);
        return;
    }
    size_t size = arrival->size;
    if (call->browser.in.cipher != NULL) size = srtp_open(&call->browser.in, arrival->bytes, size);
    hear(call, APP, arrival->bytes, size, arrival->at);
}

static void take_at_phone(const struct arrival *arrival) {
    struct call *call = call_of(arrival);
    if (call != NULL && is_rtp(arrival)) hear(call, PHONE, arrival->bytes, arrival->size, arrival->at);
}

static void ignore(const struct arrival *arrival) { (void)arrival; }

void calls_hear(void) {
    wire_read(outboxes[APP].socket, take_at_app);
    wire_read(outboxes[PHONE].socket, take_at_phone);
    wire_read(control_socket, ignore);
    outbox_send(&outboxes[APP]);
}

bool calls_remind(void) {
    bool are_any = false;
    for (unsigned index = 0; index < call_count; index++) {
        struct browser *browser = &calls[index].browser;
        if (browser->state != BROWSER_CHECKING && browser->state != BROWSER_SHAKING_HANDS) continue;
        are_any = true;
        browser_remind(browser);
    }
    outbox_send(&outboxes[APP]);
    return are_any;
}

int calls_app_socket(void) { return outboxes[APP].socket; }

void window_open(void) {
    for (enum side side = APP; side < SIDES; side++) {
        for (unsigned index = 0; index < call_count; index++) {
            struct end *end = &calls[index].ends[side];
            end->window_from = end->said;
            end->window_to = end->said + UINT32_MAX / 2;
        }
        ways[side].said = ways[side].heard = ways[side].strange = 0;
        spans_clear(&ways[side].spans);
    }
}

void window_shut(void) {
    for (enum side side = APP; side < SIDES; side++) {
        for (unsigned index = 0; index < call_count; index++) {
            struct end *end = &calls[index].ends[side];
            end->window_to = end->said;
            ways[!side].said += end->said - end->window_from;
        }
    }
}

const struct way *window_way(enum side to) { return &ways[to]; }

uint32_t calls_dropped(void) { return wire_dropped(outboxes[APP].socket) + wire_dropped(outboxes[PHONE].socket); }
