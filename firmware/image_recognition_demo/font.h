/* Small letters, digits and a few signs, as pictures of 5 by 8. */
#ifndef FONT_H
#define FONT_H

#define FONT_WIDTH 5u
#define FONT_HEIGHT 8u

/* Rows from the top, '#' is ink; a space for what is not drawn. */
const char *font_glyph(char letter);

#endif
