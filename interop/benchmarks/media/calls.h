/* Calls: a browser and a phone each, which speak to one another through whatever is between them. */
#ifndef CALLS_H
#define CALLS_H

#include <stdbool.h>
#include <stdint.h>

#include "browser.h"
#include "spans.h"

enum { CALLS = 16384, APP_PORT = 40000, PHONE_PORT = 42000 };
enum { PACKETS_PER_SECOND = 50, REMEMBERED = 64 };

enum side { APP, PHONE, SIDES };

/* One end of a call: what it says, and what it heard of the other one. */
struct end {
    struct in_addr address;
    struct sockaddr_in peer;
    bool speaks;
    uint32_t said;                   /* Packets so far. */
    uint64_t said_at[REMEMBERED];    /* The latest ones by their numbers; 0: it has arrived. */
    uint32_t window_from, window_to; /* The packets that are counted. */
    uint64_t heard_at;               /* When the first packet came; 0: none has. */
};

struct call {
    struct end ends[SIDES];
    struct browser browser;
};

/* What happened to the packets of a window on their way to one side. */
struct way {
    uint64_t said, heard;
    uint64_t strange; /* Not what was said: another call's, twice, or spoilt. */
    struct spans spans;
};

/* Opens the sockets. */
void calls_begin(void);

/* The call of an index; ends the program where there is none. */
struct call *call_at(unsigned index);

/* That end speaks to there from now on. */
void call_speak(struct call *call, enum side side, struct sockaddr_in to);

/* Both ends speak straight to each other, with nothing in between. */
void call_speak_directly(struct call *call);

/* Takes all that has come. */
void calls_hear(void);

/* The packets of all calls whose turn it is: `slot` of `slots` in 20 ms. */
void calls_speak(unsigned slot, unsigned slots);

/* Sends again what may be lost of what browsers have sent to connect; whether any still do. */
bool calls_remind(void);

/* Where what comes to browsers can be waited for. */
int calls_app_socket(void);

/* Counts what is said from here on, and until there. */
void window_open(void);
void window_shut(void);
const struct way *window_way(enum side to);

/* Packets that came and were not read in time: the generator's fault. */
uint32_t calls_dropped(void);

#endif
