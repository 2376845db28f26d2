/* USART1, the board's virtual serial port, behind two rings of bytes. */
#ifndef UART_H
#define UART_H

#define BAUD 115200u

void uart_init(void);

#endif
