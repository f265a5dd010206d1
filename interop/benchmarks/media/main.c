/* Both ends of many calls in one process, so that one clock tells how long their packets take.

   What is between the ends is not this program's business: a relay, or nothing. It tells its fingerprint and password
   at the start, then takes orders, one a line; those that ask something are answered by one line of JSON.

     phone INDEX HOST PORT                        the phone of that call speaks to there
     app INDEX HOST PORT UFRAG PASSWORD ROLE      its browser connects to there and speaks; it is DTLS client or server
     direct INDEX                                 both speak straight to each other, unprotected
     heard INDEX                                  asks when each heard the other first; the answer waits until both have
     window MILLISECONDS                          asks what became of the packets that are said from now on

   Everybody says 160 bytes of PCMU every 20 ms, the calls evenly spread over these 20 ms. Latencies are from right
   before the system call that sends to the kernel's stamp of the arrival, so that a late reader spoils nothing; how
   late the sender was is told. */
#define _GNU_SOURCE
#include <inttypes.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"

enum { SLOTS = 80 };
static const uint64_t second = 1000000000, slot_length = 1000000000 / PACKETS_PER_SECOND / SLOTS;
static const uint64_t patience = 10 * 1000000000ull, stragglers = 1000000000 / 4, reminding = 1000000000 / 20;
/* What is that late is left out: who tries to catch up with more than he can do never gets to anything else. */
static const uint64_t hopeless = 1000000000 / 5;

static bool are_connecting; /* Then what comes to browsers is taken at once. */
static struct call *asked;  /* Whose first words are waited for. */
static uint64_t asked_until;
static uint64_t window_end;    /* 0: none is open. */
static uint64_t window_answer; /* When its figures are due; 0: none are. */
static struct spans lateness;

static struct sockaddr_in address(const char *host, unsigned port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, host, &address.sin_addr);
    return address;
}

static void obey(const char *line) {
    char host[64], ufrag[260], password[260], role[8];
    unsigned index, port, milliseconds;
    if (sscanf(line, "phone %u %63s %u", &index, host, &port) == 3) {
        call_speak(call_at(index), PHONE, address(host, port));
    } else if (sscanf(line, "app %u %63s %u %259s %259s %7s", &index, host, &port, ufrag, password, role) == 6) {
        struct browser *browser = &call_at(index)->browser;
        browser->peer = address(host, port);
        browser_connect(browser, ufrag, password, strcmp(role, "client") == 0);
        are_connecting = true;
    } else if (sscanf(line, "direct %u", &index) == 1) {
        call_speak_directly(call_at(index));
    } else if (sscanf(line, "heard %u", &index) == 1) {
        asked = call_at(index);
        asked_until = wire_now() + patience;
    } else if (sscanf(line, "window %u", &milliseconds) == 1) {
        window_open();
        spans_clear(&lateness);
        window_end = wire_now() + milliseconds * (second / 1000);
    } else {
        fprintf(stderr, "media: what is %s\n", line);
        exit(64);
    }
}

/* Reads orders without waiting; false where there will be no more. */
static bool obey_all(void) {
    static char text[4096];
    static size_t size;
    ssize_t count = read(STDIN_FILENO, text + size, sizeof text - 1 - size);
    if (count == 0) return false;
    if (count < 0) return true;
    size += (size_t)count;
    text[size] = 0;
    char *line = text, *end;
    while ((end = strchr(line, '\n')) != NULL) {
        *end = 0;
        obey(line);
        line = end + 1;
    }
    size -= (size_t)(line - text);
    memmove(text, line, size);
    return true;
}

static void tell_way(const char *name, const struct way *way) {
    printf("\"%s\":{\"said\":%" PRIu64 ",\"heard\":%" PRIu64 ",\"strange\":%" PRIu64, name, way->said, way->heard,
           way->strange);
    printf(",\"p50\":%.1f,\"p99\":%.1f,\"longest\":%.1f},", spans_percentile(&way->spans, 0.5),
           spans_percentile(&way->spans, 0.99), (double)way->spans.longest / 1e3);
}

/* Gives the answers that are due. */
static void answer(uint64_t now) {
    if (asked != NULL && ((asked->ends[APP].heard_at && asked->ends[PHONE].heard_at) || now > asked_until)) {
        printf("{\"app\":%" PRIu64 ",\"phone\":%" PRIu64 "}\n", asked->ends[APP].heard_at, asked->ends[PHONE].heard_at);
        asked = NULL;
    }
    if (window_end != 0 && now >= window_end) {
        window_shut();
        window_end = 0;
        window_answer = now + stragglers;
    }
    if (window_answer != 0 && now >= window_answer) {
        window_answer = 0;
        printf("{");
        tell_way("to_app", window_way(APP));
        tell_way("to_phone", window_way(PHONE));
        printf("\"late_p99\":%.1f,\"late_longest\":%.1f,\"unread\":%u}\n", spans_percentile(&lateness, 0.99),
               (double)lateness.longest / 1e3, calls_dropped());
    }
    fflush(stdout);
}

int main(void) {
    calls_begin();
    printf("{\"fingerprint\":\"%s\",\"password\":\"%s\"}\n", browsers_fingerprint(), browsers_password());
    fflush(stdout);
    fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
    uint64_t due = wire_now(), remind_at = due;
    unsigned slot = 0;
    for (;;) {
        uint64_t now = wire_now(), rest = due > now ? due - now : 0;
        struct timespec timeout = {.tv_nsec = (long)rest};
        struct pollfd files[] = {
            {.fd = STDIN_FILENO, .events = POLLIN},
            {.fd = are_connecting ? calls_app_socket() : -1, .events = POLLIN},
        };
        ppoll(files, 2, &timeout, NULL);
        if (files[0].revents != 0 && !obey_all()) return 0;
        calls_hear();
        now = wire_now();
        if (now > due + hopeless) due = now - hopeless;
        for (; due <= now; due += slot_length) {
            spans_add(&lateness, (int64_t)(now - due));
            calls_speak(slot, SLOTS);
            slot = (slot + 1) % SLOTS;
        }
        if (now >= remind_at) {
            are_connecting = calls_remind();
            remind_at = now + reminding;
        }
        answer(now);
    }
}
