/* USART1 with a handler of its own: transmission by TXE and TC, a byte's time in cycles, an echo of what is received, overrun.
   It prints only after the last measurement, with interrupts off: then the board polls. */
#include <string.h>

#include "board.h"
#include "clock.h"
#include "registers.h"
#include "selftest.h"
#include "uart.h"

#define LENGTH 16u
#define PATIENCE (CORE_HZ / 20u)
#define BIT_CYCLES ((APB2_HZ + BAUD / 2u) / BAUD * (CORE_HZ / APB2_HZ))
#define BYTE_CYCLES (10u * BIT_CYCLES)

static const char text[LENGTH + 1] = "0123456789abcdef";
static volatile uint32_t sent, completions, entries, finished, received_length;
static char received[LENGTH];

void USART1_IRQHandler(void);

/* Symbols that the test waits for before it sends. */
void uart_listens(void);
void uart_is_deaf(void);

static void transmit(void) {
    const uint32_t status = USART1_ISR, enabled = USART1_CR1;
    if (enabled & USART_CR1_TXEIE && status & USART_ISR_TXE) {
        USART1_TDR = (uint8_t)text[sent++];
        if (sent == LENGTH) {
            USART1_CR1 = (enabled & ~USART_CR1_TXEIE) | USART_CR1_TCIE;
        }
    } else if (enabled & USART_CR1_TCIE && status & USART_ISR_TC) {
        finished = board_cycles();
        completions++;
        USART1_CR1 = enabled & ~USART_CR1_TCIE;
    }
}

static void echo(void) {
    if (USART1_ISR & USART_ISR_RXNE) {
        const char byte = (char)USART1_RDR;
        if (received_length < LENGTH) {
            received[received_length++] = byte;
        }
        USART1_TDR = (uint8_t)byte;
    }
}

void USART1_IRQHandler(void) {
    entries++;
    transmit();
    echo();
}

static int wait_for(volatile uint32_t *value, uint32_t wanted) {
    const uint32_t start = board_cycles();
    while (*value < wanted) {
        if (board_cycles() - start > PATIENCE) {
            return 0;
        }
    }
    return 1;
}

/* An idle frame, which TE's rising has begun, comes first. */
static void let_the_idle_frame_pass(void) {
    const uint32_t start = board_cycles();
    while (board_cycles() - start < 2u * BYTE_CYCLES) {
    }
}

static uint32_t send_all(void) {
    let_the_idle_frame_pass();
    const uint32_t start = board_cycles();
    USART1_CR1 |= USART_CR1_TXEIE;
    return wait_for(&completions, 1) ? finished - start : 0;
}

__attribute__((noinline)) void uart_listens(void) {
    __asm volatile("");
}

__attribute__((noinline)) void uart_is_deaf(void) {
    __asm volatile("");
}

static uint32_t overrun(void) {
    const uint32_t start = board_cycles();
    while ((USART1_ISR & USART_ISR_ORE) == 0) {
        if (board_cycles() - start > PATIENCE) {
            break;
        }
    }
    return USART1_ISR;
}

int main(void) {
    const uint32_t cycles = send_all();
    const uint32_t entries_for_sending = entries;
    uart_listens();
    const int complete = wait_for(&received_length, LENGTH);
    while ((USART1_ISR & USART_ISR_TC) == 0) {
    }
    disable_interrupt(USART1_IRQ);
    uart_is_deaf();
    const uint32_t status = overrun();
    const uint32_t first = USART1_RDR;
    const uint32_t status_after_read = USART1_ISR;
    USART1_ICR = USART_ICR_ORECF;
    const uint32_t status_after_clear = USART1_ISR;

    interrupts_off();
    printf("\nbytes %u cycles %lu\n", LENGTH, (unsigned long)cycles);
    claim("every byte is sent, and TC comes once", sent == LENGTH && completions == 1);
    claim("sixteen bytes take 160 bit times", cycles - LENGTH * BYTE_CYCLES < 2u * BIT_CYCLES);
    claim_equal("one interrupt a byte, and one for TC", entries_for_sending, LENGTH + 1u);
    claim("sixteen bytes are received by interrupt", complete && memcmp(received, "ABCDEFGHIJKLMNOP", LENGTH) == 0);
    claim("a second unread byte is an overrun", (status & (USART_ISR_ORE | USART_ISR_RXNE)) == (USART_ISR_ORE | USART_ISR_RXNE));
    claim_equal("an overrun keeps the first byte", first, 'x');
    claim("reading RDR clears RXNE and leaves ORE", (status_after_read & (USART_ISR_ORE | USART_ISR_RXNE)) == USART_ISR_ORE);
    claim("ORECF clears ORE", (status_after_clear & USART_ISR_ORE) == 0);
    return verdict();
}
