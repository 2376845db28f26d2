/* The clocks that clock_init sets up. */
#ifndef CLOCK_H
#define CLOCK_H

#define CORE_HZ 216000000u
#define APB1_HZ (CORE_HZ / 4u)
#define APB2_HZ (CORE_HZ / 2u)

/* Timers of a divided bus run at twice its clock. */
#define APB1_TIMER_HZ (2u * APB1_HZ)

void clock_init(void);

#endif
