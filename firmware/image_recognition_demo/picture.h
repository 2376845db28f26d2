/* From the camera's frame to the network's input. */
#ifndef PICTURE_H
#define PICTURE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define INPUT_SIDE 32u

/* The centre square of an RGB565 frame, averaged over 32 by 32 equal cells, rounded half up: red, green, blue of each cell.
   The height is at most 255. */
void picture_to_input(const uint16_t *frame, unsigned width, unsigned height, uint8_t *input);

#ifdef __cplusplus
}
#endif
#endif
