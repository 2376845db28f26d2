/* OV9655 on I2C1: the sensor's data sheet. */
#ifndef OV9655_H
#define OV9655_H

#define OV9655 0x30u

/* VSYNC high between frames, HREF high in lines. 0, or -1 where none answers. */
int ov9655_init(void);

#endif
