/* The board's 4.3 inch display, 480 x 272, one RGB565 layer that lies in SDRAM. */
#ifndef LCD_H
#define LCD_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LCD_WIDTH 480u
#define LCD_HEIGHT 272u
#define RGB565(red, green, blue) ((uint16_t)(((red) >> 3) << 11 | ((green) >> 2) << 5 | (blue) >> 3))

/* Starts the scan-out of a layer of one colour. */
void lcd_init(uint16_t colour);
void lcd_fill(unsigned x, unsigned y, unsigned width, unsigned height, uint16_t colour);
/* A picture, each of its pixels a square of `scale` by `scale`. */
void lcd_picture(unsigned x, unsigned y, const uint16_t *pixels, unsigned width, unsigned height, unsigned scale);
/* One line of text, 6 by 8 times `scale` a letter; what has no glyph is a space. Returns the x behind it. */
unsigned lcd_text(unsigned x, unsigned y, unsigned scale, uint16_t colour, uint16_t background, const char *text);

#ifdef __cplusplus
}
#endif
#endif
