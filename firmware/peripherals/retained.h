/* Words that outlive a system reset: at the end of the DTCM, which no cache hides, and where the start-up code does not reach. */
#ifndef RETAINED_H
#define RETAINED_H

#include <stdint.h>

#define RETAINED ((volatile uint32_t *)(0x20010000u - 64u))

#endif
