/* The board's camera module, an OV9655 or an S5K5CAG: 160 x 120, RGB565, 30 frames a second. */
#ifndef SENSOR_H
#define SENSOR_H

/* Power, pins and registers of the module that is there. 0, or -1 where none answers. */
int sensor_init(void);

#endif
