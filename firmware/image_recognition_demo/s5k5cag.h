/* S5K5CAG on I2C1: the registers that ST's board package writes. */
#ifndef S5K5CAG_H
#define S5K5CAG_H

/* VSYNC high between frames, HREF high in lines. 0, or -1 where none answers. */
int s5k5cag_init(void);

#endif
