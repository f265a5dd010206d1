/* Spans of time and their percentiles, to the microsecond. */
#ifndef SPANS_H
#define SPANS_H

#include <stdint.h>

enum { LONGEST = 200000 }; /* In microseconds; longer ones count as that long. */

struct spans {
    uint64_t count;
    uint64_t longest;           /* In nanoseconds. */
    uint32_t buckets[LONGEST + 1];
};

void spans_clear(struct spans *spans);
void spans_add(struct spans *spans, int64_t nanoseconds);

/* In microseconds. */
double spans_percentile(const struct spans *spans, double share);

#endif
