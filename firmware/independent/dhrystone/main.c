/* Runs Dhrystone; its clock counts core cycles, and its runs are not asked for. */
#include <stdio.h>

#include "board.h"

#ifndef RUNS
#define RUNS 2000
#endif

extern int dhrystone(void);
extern long User_Time;
long port_cycles(long *unused);
int port_runs(const char *format, int *runs);

long port_cycles(long *unused) {
    (void)unused;
    return (long)board_cycles();
}

int port_runs(const char *format, int *runs) {
    (void)format;
    board_flush();
    *runs = RUNS;
    return 1;
}

int main(void) {
    dhrystone();
    printf("measured %d runs %ld cycles\n", RUNS, User_Time);
    return 0;
}
