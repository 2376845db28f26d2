/* What a program may ask of its board, on every platform. */
#ifndef BOARD_H
#define BOARD_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Clocks, caches, tick, serial port. The start-up code calls it before the constructors; again does nothing. */
void board_init(void);

/* Core cycles (DWT CYCCNT), modulo 2^32. 0 where the platform counts none. */
uint32_t board_cycles(void);

/* Milliseconds since board_init, by SysTick. 0 where board_init starts none. */
uint32_t board_milliseconds(void);

/* Queues every byte; sleeps only while the queue is full. */
void board_write(const char *text, int length);

/* Waits for at least one byte; 0 at the end of input. */
int board_read(char *buffer, int size);

/* Returns when the last stop bit has left. */
void board_flush(void);

/* Flushes, then leaves by semihosting. */
__attribute__((noreturn)) void board_exit(int status);

#ifdef __cplusplus
}
#endif
#endif
