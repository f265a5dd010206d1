#include "spans.h"

#include <string.h>

void spans_clear(struct spans *spans) { memset(spans, 0, sizeof *spans); }

void spans_add(struct spans *spans, int64_t nanoseconds) {
    uint64_t span = nanoseconds > 0 ? (uint64_t)nanoseconds : 0;
    uint64_t bucket = span / 1000;
    spans->buckets[bucket < LONGEST ? bucket : LONGEST]++;
    spans->count++;
    if (span > spans->longest) spans->longest = span;
}

double spans_percentile(const struct spans *spans, double share) {
    uint64_t rank = (uint64_t)(share * (double)spans->count), seen = 0;
    for (unsigned bucket = 0; bucket <= LONGEST; bucket++) {
        seen += spans->buckets[bucket];
        if (seen > rank) return bucket + 0.5;
    }
    return 0;
}
