/* Words that outlive a system reset: they lie below the stack, where the start-up code does not reach. */
#ifndef RETAINED_H
#define RETAINED_H

#include <stdint.h>

#define RETAINED ((volatile uint32_t *)(0x20050000u - 0x10000u - 64u))

#endif
