/* Interrupts of the mps2-an500 that the programs use. */
#define INTERRUPTS(_, own) \
    _(0, UART0_RX) _(1, UART0_TX) _(2, UART1_RX) _(3, UART1_TX) _(4, UART2_RX) _(5, UART2_TX) _(6, GPIO0) _(7, GPIO1) \
    _(8, TIMER0) _(9, TIMER1) _(10, DUALTIMER) _(11, SPI) _(12, UART_OVERFLOW) _(13, ETHERNET) _(14, I2S) _(15, TOUCH) \
    _(16, GPIO2) _(17, GPIO3) _(18, UART3_RX) _(19, UART3_TX) _(20, UART4_RX) _(21, UART4_TX) _(22, SPI_2) _(23, SPI_3_4) \
    _(24, GPIO0_0) _(25, GPIO0_1) _(26, GPIO0_2) _(27, GPIO0_3) _(28, GPIO0_4) _(29, GPIO0_5) _(30, GPIO0_6) _(31, GPIO0_7)
