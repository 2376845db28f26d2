/* What the self-tests share: one printed line a claim, and the end. */
#ifndef SELFTEST_H
#define SELFTEST_H

#include <stdint.h>
#include <stdio.h>

/* Of a naked function's parameters, which only its assembly knows. */
#define UNUSED __attribute__((unused))

static int failed_claims;

/* Prints "PASS claim" or "FAIL claim". */
static inline void claim(const char *text, int holds) {
    printf("%s %s\n", holds ? "PASS" : "FAIL", text);
    failed_claims += !holds;
}

/* The same for two words, with both of them where they differ. */
static inline void claim_equal(const char *text, uint32_t got, uint32_t wanted) {
    if (got == wanted) {
        claim(text, 1);
        return;
    }
    printf("FAIL %s: 0x%08lx, not 0x%08lx\n", text, (unsigned long)got, (unsigned long)wanted);
    failed_claims++;
}

/* main's result. */
static inline int verdict(void) {
    printf("%d failed\n", failed_claims);
    return failed_claims != 0;
}

#endif
