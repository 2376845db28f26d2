/* Waiting in whole ticks, asleep. */
#ifndef WAIT_H
#define WAIT_H

#include "board.h"
#include "core.h"

/* So many milliseconds and up to one more. */
static inline void wait_milliseconds(uint32_t count) {
    const uint32_t start = board_milliseconds();
    while (board_milliseconds() - start <= count) {
        wfi();
    }
}

#endif
