/* What the programs share: a printed line a check, and waits that end. */
#ifndef CHECK_H
#define CHECK_H

#include <stdint.h>

#include "board.h"

/* The ELF's section .m7sim.checks lists each check that the source has, so that one that never ran is missed. */
#define NAMED(name) __asm volatile(".pushsection .m7sim.checks,\"\",%progbits\n.asciz \"" name "\"\n.popsection")

/* PASS name got, or FAIL name got want; hexadecimal. */
#define CHECK(name, got, want) \
    do { \
        NAMED(name); \
        check_equal(name, got, want); \
    } while (0)

/* PASS name value, or FAIL name value low..high; decimal, both ends allowed. */
#define CHECK_WITHIN(name, value, low, high) \
    do { \
        NAMED(name); \
        check_within(name, value, low, high); \
    } while (0)

/* What a wait gives whose condition did not come true in time. */
#define NEVER 0xFFFFFFFFu

/* Core cycles until the condition holds; NEVER if it does not within so many microseconds. */
#define CYCLES_UNTIL(condition, microseconds) \
    ({ \
        const uint32_t start_ = board_cycles(), most_ = (microseconds) * CYCLES_PER_MICROSECOND; \
        uint32_t gone_; \
        int holds_; \
        do { \
            holds_ = (condition) != 0; \
            gone_ = board_cycles() - start_; \
        } while (!holds_ && gone_ < most_); \
        holds_ ? gone_ : NEVER; \
    })

#define CYCLES_PER_MICROSECOND 216u

/* Cycles that a polling loop, or an interrupt's entry, may add to what the hardware takes. */
#define LOOK 150u

void check_equal(const char *name, uint32_t got, uint32_t want);
void check_within(const char *name, uint32_t value, uint32_t low, uint32_t high);

/* Of a check that needs a wire or a card which is not there. */
void check_skip(const char *name, const char *why);

/* Of a program that resets the chip: what failed before. */
void check_resume(uint32_t failures);

void wait_cycles(uint32_t cycles);
void wait_microseconds(uint32_t microseconds);

/* Asleep, by the tick. */
void wait_milliseconds(uint32_t milliseconds);

/* The first index at which two arrays of bytes differ; `size` where they do not. */
uint32_t first_difference(const void *one, const void *other, uint32_t size);

/* Writes dirty lines to memory, and forgets them, so that neither side sees the other's past. */
void clean_and_forget(const void *start, uint32_t size);

/* How many checks failed, up to 63: main's result. */
int check_verdict(void);

#endif
