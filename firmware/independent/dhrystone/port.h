/* Dhrystone's port: what its two files of 1988 ask of a system, by other names. */
#ifndef PORT_H
#define PORT_H

#include <stdio.h>

#define TIME
#define main dhrystone
#define time port_cycles
#define scanf port_runs

int dhrystone();
long port_cycles();
int port_runs();

#endif
