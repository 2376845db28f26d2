/* The board's 8 MB of SDRAM. */
#ifndef SDRAM_H
#define SDRAM_H

#define SDRAM 0xC0000000u

/* 0 when the memory keeps what is written to it. The data cache serves it write-through, so that the LCD sees each write. */
int sdram_init(void);

#endif
