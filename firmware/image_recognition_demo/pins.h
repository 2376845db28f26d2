/* Pins as the board wires them: UM1907, table of the MCU's pins. */
#ifndef PINS_H
#define PINS_H

#include <stdint.h>

enum pull { NO_PULL, PULL_UP, PULL_DOWN };

/* Each pin of the mask: to an alternate function at the highest speed. Turns the port's clock on. */
void pins_alternate(uint32_t port, uint32_t mask, unsigned function, enum pull pull, int open_drain);
void pin_output(uint32_t port, unsigned pin, int level);
void pin_input(uint32_t port, unsigned pin);
int pin_level(uint32_t port, unsigned pin);

#endif
