/* An exact average by area, in integers. A pixel is INPUT_SIDE units wide and a cell as many as the square has pixels. */
#include "picture.h"

static unsigned smaller(unsigned a, unsigned b) {
    return a < b ? a : b;
}

/* How many units of a pixel lie in the cell that begins at `start`. */
static uint32_t overlap(unsigned pixel, unsigned start, unsigned cell) {
    const unsigned left = pixel * INPUT_SIDE > start ? pixel * INPUT_SIDE : start;
    return smaller((pixel + 1u) * INPUT_SIDE, start + cell) - left;
}

static void add(uint32_t *sums, uint16_t pixel, uint32_t weight) {
    const uint32_t red = pixel >> 11, green = pixel >> 5 & 63u, blue = pixel & 31u;
    sums[0] += weight * (red << 3 | red >> 2);
    sums[1] += weight * (green << 2 | green >> 4);
    sums[2] += weight * (blue << 3 | blue >> 2);
}

void picture_to_input(const uint16_t *frame, unsigned width, unsigned height, uint8_t *input) {
    const unsigned side = smaller(width, height);
    const uint16_t *const square = frame + (height - side) / 2u * width + (width - side) / 2u;
    for (unsigned top = 0; top < side * INPUT_SIDE; top += side) {
        for (unsigned left = 0; left < side * INPUT_SIDE; left += side) {
            uint32_t sums[3] = {0, 0, 0};
            for (unsigned y = top / INPUT_SIDE; y * INPUT_SIDE < top + side; y++) {
                const uint32_t rows = overlap(y, top, side);
                for (unsigned x = left / INPUT_SIDE; x * INPUT_SIDE < left + side; x++) {
                    add(sums, square[y * width + x], rows * overlap(x, left, side));
                }
            }
            for (unsigned i = 0; i < 3u; i++) {
                *input++ = (uint8_t)((sums[i] + side * side / 2u) / (side * side));
            }
        }
    }
}
