/* Allocates a known number of times, so that the counter can be counted:  known ROUNDS
   Each round makes 8 allocations, frees them all but one of 64 bytes, and prints nothing. */
#define _GNU_SOURCE
#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>

int main(int count, char **words) {
    int rounds = count > 1 ? atoi(words[1]) : 0;
    for (int round = 0; round < rounds; round++) {
        void *volatile kept = malloc(64);
        if (kept == NULL) return 1;
        void *volatile zeroed = calloc(3, 100);
        void *volatile grown = malloc(50);
        grown = realloc(grown, 5000);
        void *volatile fresh = realloc(NULL, 10);
        void *volatile aligned = aligned_alloc(64, 128);
        void *volatile old = memalign(32, 100);
        void *posix = NULL;
        if (posix_memalign(&posix, 4096, 100) != 0 || (uintptr_t)posix % 4096 != 0) return 1;
        void *all[] = {zeroed, grown, fresh, aligned, old, posix};
        for (int index = 0; index < 6; index++) {
            if (all[index] == NULL) return 1;
            free(all[index]);
        }
        free(NULL);
    }
    return 0;
}
