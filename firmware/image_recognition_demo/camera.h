/* The board's camera module: 160 x 120, RGB565, one frame at a time. */
#ifndef CAMERA_H
#define CAMERA_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CAMERA_WIDTH 160u
#define CAMERA_HEIGHT 120u

/* 0, or -1 where no OV9655 answers. */
int camera_init(void);
/* Waits for the next whole frame and puts it into `frame`, whose address and size are those of whole cache lines. 0, or -1 where
   bytes of it were lost. */
int camera_snapshot(uint16_t *frame);

#ifdef __cplusplus
}
#endif
#endif
