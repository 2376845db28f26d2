/* The board's camera module: VGA, a fourth of it each way, RGB565, 30 frames a second. */
#ifndef SENSOR_H
#define SENSOR_H

#define SENSOR 0x30u

/* Its power, pins and registers. 0, or -1 where no OV9655 answers. */
int sensor_init(void);

#endif
