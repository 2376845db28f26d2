/* Checks print at once and wait until the last bit has left, so that no output disturbs the next measurement. */
#include "check.h"

#include <stdio.h>

#include "core.h"

#define CACHE_LINE 32u
#define MOST_FAILURES 63u

static uint32_t failures;

void check_equal(const char *name, uint32_t got, uint32_t want) {
    if (got == want) {
        printf("PASS %s 0x%lx\n", name, (unsigned long)got);
    } else {
        printf("FAIL %s 0x%lx 0x%lx\n", name, (unsigned long)got, (unsigned long)want);
        failures++;
    }
    board_flush();
}

void check_within(const char *name, uint32_t value, uint32_t low, uint32_t high) {
    if (value >= low && value <= high) {
        printf("PASS %s %lu\n", name, (unsigned long)value);
    } else {
        printf("FAIL %s %lu %lu..%lu\n", name, (unsigned long)value, (unsigned long)low, (unsigned long)high);
        failures++;
    }
    board_flush();
}

void check_skip(const char *name, const char *why) {
    printf("SKIP %s %s\n", name, why);
    board_flush();
}

void wait_cycles(uint32_t cycles) {
    const uint32_t start = board_cycles();
    while (board_cycles() - start < cycles) {
    }
}

void wait_microseconds(uint32_t microseconds) {
    wait_cycles(microseconds * CYCLES_PER_MICROSECOND);
}

void wait_milliseconds(uint32_t milliseconds) {
    const uint32_t start = board_milliseconds();
    while (board_milliseconds() - start <= milliseconds) {
        wfi();
    }
}

uint32_t first_difference(const void *one, const void *other, uint32_t size) {
    const uint8_t *const a = one, *const b = other;
    uint32_t at = 0;
    while (at < size && a[at] == b[at]) {
        at++;
    }
    return at;
}

void clean_and_forget(const void *start, uint32_t size) {
    const uint32_t end = (uint32_t)start + size;
    dsb();
    for (uint32_t line = (uint32_t)start & ~(CACHE_LINE - 1u); line < end; line += CACHE_LINE) {
        DCCIMVAC = line;
    }
    dsb();
}

void check_resume(uint32_t before) {
    failures = before;
}

int check_verdict(void) {
    return (int)(failures < MOST_FAILURES ? failures : MOST_FAILURES);
}
