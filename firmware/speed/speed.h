/* A loop to measure a simulator's speed with. */
#ifndef SPEED_H
#define SPEED_H

#include <stdint.h>

/* About half a milliard instructions at gcc -O2. */
extern const uint32_t usual_iterations;

/* Returns a checksum of everything that it computed. */
uint32_t loop(uint32_t iterations);

#endif
