#ifndef SWITCHHOOK_COSIP_SHIM_H
#define SWITCHHOOK_COSIP_SHIM_H

// osip.h uses struct timeval and time_t without including their headers.
#include <sys/time.h>
#include <time.h>

#include <osip2/osip.h>
#include <osipparser2/osip_parser.h>
#include <osipparser2/sdp_message.h>

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// The parser's memory: a block that the caller owns, handed out front to back and never given back piece by piece.
//
// The variable is static in a header, so each object file that uses these functions has its own. One Swift file
// does (OSIPReader.swift); a second one would open a block that nothing allocates from.
struct switchhook_osip_arena {
  unsigned char *base;
  size_t size;
  size_t used;
};

// It stands within a function because Swift's importer does not emit thread-local variables of file scope.
static inline struct switchhook_osip_arena *switchhook_osip_current_arena(void) {
  static __thread struct switchhook_osip_arena arena;
  return &arena;
}

// Each piece is preceded by its size, which realloc needs, and aligned as malloc aligns.
#define SWITCHHOOK_OSIP_UNIT ((size_t) 16)

static inline void *switchhook_osip_malloc(size_t size) {
  struct switchhook_osip_arena *arena = switchhook_osip_current_arena();
  size_t left = arena->size - arena->used;
  if (left < SWITCHHOOK_OSIP_UNIT || size > left - SWITCHHOOK_OSIP_UNIT) return NULL;
  size_t rounded = (size + SWITCHHOOK_OSIP_UNIT - 1) & ~(SWITCHHOOK_OSIP_UNIT - 1);
  if (rounded > left - SWITCHHOOK_OSIP_UNIT) return NULL;
  unsigned char *piece = arena->base + arena->used + SWITCHHOOK_OSIP_UNIT;
  memcpy(piece - SWITCHHOOK_OSIP_UNIT, &size, sizeof size);
  arena->used += SWITCHHOOK_OSIP_UNIT + rounded;
  return piece;
}

static inline void switchhook_osip_free(void *piece) { (void) piece; }

static inline void *switchhook_osip_realloc(void *piece, size_t size) {
  void *grown = switchhook_osip_malloc(size);
  if (piece == NULL || grown == NULL) return grown;
  size_t old;
  memcpy(&old, (unsigned char *) piece - SWITCHHOOK_OSIP_UNIT, sizeof old);
  memcpy(grown, piece, old < size ? old : size);
  return grown;
}

// Until the matching close, the parser allocates on this thread from `base`, which must be aligned to 16.
static inline void switchhook_osip_arena_open(void *base, size_t size) {
  struct switchhook_osip_arena *arena = switchhook_osip_current_arena();
  arena->base = (unsigned char *) base;
  arena->size = size;
  arena->used = 0;
}

// Returns the bytes that were used. What was parsed stays readable as long as the block does.
static inline size_t switchhook_osip_arena_close(void) {
  struct switchhook_osip_arena *arena = switchhook_osip_current_arena();
  size_t used = arena->used;
  arena->base = NULL;
  arena->size = 0;
  arena->used = 0;
  return used;
}

static inline void switchhook_osip_silence(
    const char *file, int line, osip_trace_level_t level, const char *format, va_list arguments) {
  (void) file, (void) line, (void) level, (void) format, (void) arguments;
}

// Once in the life of the process, before any other call. Without a trace function of ours the library would open its
// log lazily, on standard output, and race doing so. `parser_init` allocates for good, so it runs on the old allocators.
static inline int switchhook_osip_start(void) {
  osip_trace_initialize_func(TRACE_LEVEL0, switchhook_osip_silence);
  for (int level = TRACE_LEVEL0; level < END_TRACE_LEVEL; level++) {
    osip_trace_disable_level((osip_trace_level_t) level);
  }
  int result = parser_init();
  osip_set_allocators(switchhook_osip_malloc, switchhook_osip_realloc, switchhook_osip_free);
  return result;
}

#endif
