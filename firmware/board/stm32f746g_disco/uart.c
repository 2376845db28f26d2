/* USART1 by interrupt. Threads sleep where they wait; exceptions, and threads with interrupts off, poll. */
#include "uart.h"

#include "board.h"
#include "clock.h"
#include "registers.h"

#define SENT_SIZE 4096u
#define RECEIVED_SIZE 256u
#define ALTERNATE 2u
#define VERY_HIGH_SPEED 3u
#define PULL_UP 1u
#define AF7 7u

/* Places count without wrapping; a ring's size is a power of two. */
static char sent[SENT_SIZE];
static volatile uint32_t sent_in, sent_out;
static char received[RECEIVED_SIZE];
static volatile uint32_t received_in, received_out;

void USART1_IRQHandler(void);

static void pin_init(uint32_t port, unsigned pin) {
    GPIO_AFR(port, pin) = (GPIO_AFR(port, pin) & ~FIELD(15, 4u * (pin % 8u))) | FIELD(AF7, 4u * (pin % 8u));
    GPIO_OSPEEDR(port) |= FIELD(VERY_HIGH_SPEED, 2u * pin);
    GPIO_PUPDR(port) = (GPIO_PUPDR(port) & ~FIELD(3, 2u * pin)) | FIELD(PULL_UP, 2u * pin);
    GPIO_MODER(port) = (GPIO_MODER(port) & ~FIELD(3, 2u * pin)) | FIELD(ALTERNATE, 2u * pin);
}

void uart_init(void) {
    RCC_AHB1ENR |= RCC_AHB1ENR_GPIOAEN | RCC_AHB1ENR_GPIOBEN;
    RCC_APB2ENR |= RCC_APB2ENR_USART1EN;
    (void)RCC_APB2ENR;
    pin_init(GPIOA, 9);
    pin_init(GPIOB, 7);
    USART1_BRR = (APB2_HZ + BAUD / 2u) / BAUD;
    USART1_CR1 = USART_CR1_UE | USART_CR1_RE | USART_CR1_TE;
    while ((USART1_ISR & (USART_ISR_TEACK | USART_ISR_REACK)) != (USART_ISR_TEACK | USART_ISR_REACK)) {
    }
    USART1_CR1 |= USART_CR1_RXNEIE;
    enable_interrupt(USART1_IRQ);
}

static void receive(void) {
    while (USART1_ISR & USART_ISR_RXNE) {
        const char byte = (char)USART1_RDR;
        if (received_in - received_out < RECEIVED_SIZE) {
            received[received_in % RECEIVED_SIZE] = byte;
            received_in++;
        }
    }
    if (USART1_ISR & USART_ISR_ORE) {
        USART1_ICR = USART_ICR_ORECF;
    }
}

static void send(void) {
    while (sent_out != sent_in && USART1_ISR & USART_ISR_TXE) {
        USART1_TDR = (uint8_t)sent[sent_out % SENT_SIZE];
        sent_out++;
    }
    if (sent_out == sent_in) {
        USART1_CR1 &= ~USART_CR1_TXEIE;
    }
}

__attribute__((weak)) void USART1_IRQHandler(void) {
    receive();
    send();
    if (USART1_ISR & USART_ISR_TC) {
        USART1_CR1 &= ~USART_CR1_TCIE;
    }
}

static int may_sleep(void) {
    return ipsr() == 0 && primask() == 0;
}

/* Interrupts are off between the look and the sleep, so that the one that is waited for cannot come before it. */
static void wait_while(int (*busy)(void), uint32_t enable) {
    if (!may_sleep()) {
        while (busy()) {
            receive();
            send();
        }
        return;
    }
    interrupts_off();
    while (busy()) {
        USART1_CR1 |= enable;
        wfi();
        interrupts_on();
        isb();
        interrupts_off();
    }
    interrupts_on();
}

static int ring_full(void) {
    return sent_in - sent_out == SENT_SIZE;
}

static int sending(void) {
    return sent_out != sent_in || (USART1_ISR & USART_ISR_TC) == 0;
}

static int nothing_received(void) {
    return received_in == received_out;
}

/* CR1 belongs to the handler, too. */
static void start_sending(void) {
    const uint32_t masked = primask();
    interrupts_off();
    USART1_CR1 |= USART_CR1_TXEIE;
    if (!masked) {
        interrupts_on();
    }
}

void board_write(const char *text, int length) {
    for (int i = 0; i < length; i++) {
        if (ring_full()) {
            start_sending();
            wait_while(ring_full, 0);
        }
        sent[sent_in % SENT_SIZE] = text[i];
        sent_in++;
    }
    if (length > 0) {
        start_sending();
    }
}

int board_read(char *buffer, int size) {
    int length = 0;
    wait_while(nothing_received, 0);
    while (length < size && !nothing_received()) {
        buffer[length++] = received[received_out % RECEIVED_SIZE];
        received_out++;
    }
    return length;
}

void board_flush(void) {
    wait_while(sending, USART_CR1_TCIE);
}
