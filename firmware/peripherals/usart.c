/* USART6 (PC6, PC7) and UART7 (PF7, PF6), wired crosswise: D1 to A5 and A4 to D0. Frames and their time, interrupts, DMA, the idle line,
   parity, breaks and framing, overrun, a character that matches. Without the wires only what needs none is checked. */
#include <string.h>

#include "check.h"
#include "dma.h"
#include "pins.h"
#include "serial.h"

#define AF8 8u
#define BAUD_RATE 1000000u
#define BIT_CYCLES (CORE_HZ / BAUD_RATE)
#define OVER8_DIV (2u * APB2_HZ / BAUD_RATE)
#define BYTES 16u
#define ON (USART_CR1_UE | USART_CR1_TE | USART_CR1_RE)

static const char text[BYTES + 1] = "0123456789abcdef";
static volatile uint32_t sent, completions, heard, idles;
static volatile char received[BYTES];

void USART6_IRQHandler(void);
void UART7_IRQHandler(void);

void USART6_IRQHandler(void) {
    const uint32_t status = USART_ISR(USART6), enabled = USART_CR1(USART6);
    if (enabled & USART_CR1_TXEIE && status & USART_ISR_TXE) {
        USART_TDR(USART6) = (uint8_t)text[sent++];
        if (sent == BYTES) {
            USART_CR1(USART6) = (enabled & ~USART_CR1_TXEIE) | USART_CR1_TCIE;
        }
    } else if (enabled & USART_CR1_TCIE && status & USART_ISR_TC) {
        completions++;
        USART_CR1(USART6) = enabled & ~USART_CR1_TCIE;
    }
    dsb();
}

void UART7_IRQHandler(void) {
    if (USART_ISR(UART7) & USART_ISR_RXNE) {
        received[heard++ % BYTES] = (char)USART_RDR(UART7);
    }
    if (USART_ISR(UART7) & USART_ISR_IDLE) {
        USART_ICR(UART7) = USART_ISR_IDLE;
        idles++;
    }
    dsb();
}

/* Both ends; UE of 0 clears their flags. An idle frame, with which TE begins, is waited for. */
static void set_up(uint32_t cr1, uint32_t cr2, uint32_t cr1_of_7) {
    USART_CR1(USART6) = USART_CR1(UART7) = 0;
    USART_CR2(USART6) = USART_CR2(UART7) = cr2;
    USART_CR3(USART6) = USART_CR3(UART7) = 0;
    USART_BRR(USART6) = APB2_HZ / BAUD_RATE;
    USART_BRR(UART7) = APB1_HZ / BAUD_RATE;
    USART_CR1(USART6) = ON | cr1;
    USART_CR1(UART7) = ON | cr1_of_7;
    wait_cycles(30u * BIT_CYCLES);
    USART_ICR(USART6) = USART_ICR(UART7) = USART_ISR_IDLE;
}

/* Cycles from the store until TC. */
static uint32_t frame_cycles(void) {
    USART_TDR(USART6) = 0x55;
    return CYCLES_UNTIL(USART_ISR(USART6) & USART_ISR_TC, 100);
}

static void frames(void) {
    set_up(0, 0, 0);
    CHECK("txe_and_tc_are_set_at_rest", USART_ISR(USART6) & (USART_ISR_TXE | USART_ISR_TC), USART_ISR_TXE | USART_ISR_TC);
    CHECK_WITHIN("a_byte_takes_ten_bits", frame_cycles(), 10u * BIT_CYCLES - 20u, 10u * BIT_CYCLES + LOOK);
    USART_TDR(USART6) = 1;
    CYCLES_UNTIL(USART_ISR(USART6) & USART_ISR_TXE, 100);
    USART_TDR(USART6) = 2;
    const uint32_t full = USART_ISR(USART6) & USART_ISR_TXE;
    const uint32_t again = CYCLES_UNTIL(USART_ISR(USART6) & USART_ISR_TXE, 100);
    CHECK("a_second_byte_waits_in_tdr", full, 0);
    CHECK_WITHIN("until_the_first_has_left", again, 9u * BIT_CYCLES, 10u * BIT_CYCLES + LOOK);
    set_up(USART_CR1_M0 | USART_CR1_PCE, USART_CR2_STOP_2, 0);
    CHECK_WITHIN("parity_and_two_stop_bits_make_twelve", frame_cycles(), 12u * BIT_CYCLES - 20u, 12u * BIT_CYCLES + LOOK);
    set_up(0, 0, 0);
    USART_CR1(USART6) = 0;
    USART_BRR(USART6) = (OVER8_DIV & ~15u) | (OVER8_DIV & 15u) >> 1; /* section 31.5.4 */
    USART_CR1(USART6) = ON | USART_CR1_OVER8;
    wait_cycles(30u * BIT_CYCLES);
    CHECK_WITHIN("over8_counts_eighths", frame_cycles(), 10u * BIT_CYCLES - 20u, 10u * BIT_CYCLES + LOOK);
}

static void interrupting(void) {
    set_up(0, 0, 0);
    sent = completions = heard = idles = 0;
    enable_interrupt(USART6_IRQ);
    enable_interrupt(UART7_IRQ);
    USART_CR1(UART7) |= USART_CR1_RXNEIE | USART_CR1_IDLEIE;
    const uint32_t start = board_cycles();
    USART_CR1(USART6) |= USART_CR1_TXEIE;
    CYCLES_UNTIL(completions, 1000);
    const uint32_t cycles = board_cycles() - start;
    wait_cycles(30u * BIT_CYCLES);
    disable_interrupt(USART6_IRQ);
    disable_interrupt(UART7_IRQ);
    CHECK("sixteen_bytes_are_sent_by_interrupt", sent, BYTES);
    CHECK_WITHIN("without_a_gap", cycles, 160u * BIT_CYCLES - 20u, 160u * BIT_CYCLES + 2u * LOOK);
}

static void received_by_interrupt(void) {
    CHECK("sixteen_bytes_are_received", heard, BYTES);
    CHECK("as_they_were_sent", first_difference((const void *)received, text, BYTES), BYTES);
    CHECK("one_idle_line_follows", idles, 1);
}

/* USART6_TX: DMA2 stream 6, channel 5. UART7_RX: DMA1 stream 3, channel 5. */
static uint32_t by_dma(char *to) {
    set_up(0, 0, 0);
    dma_start(DMA1, 3, UART7 + 0x24u, to, BYTES, 0, DMA_SCR_CHSEL(5) | DMA_SCR_MINC);
    USART_CR3(UART7) = USART_CR3_DMAR;
    dma_start(DMA2, 6, USART6 + 0x28u, (void *)text, BYTES, 0, DMA_SCR_CHSEL(5) | DMA_SCR_MINC | DMA_SCR_DIR_M2P);
    USART_ICR(USART6) = USART_ISR_TC;
    const uint32_t start = board_cycles();
    USART_CR3(USART6) = USART_CR3_DMAT;
    CYCLES_UNTIL(USART_ISR(USART6) & USART_ISR_TC, 1000);
    const uint32_t cycles = board_cycles() - start;
    wait_cycles(30u * BIT_CYCLES);
    CHECK("dma_feeds_the_transmitter", dma_flags(DMA2, 6) & DMA_TCIF, DMA_TCIF);
    CHECK_WITHIN("and_keeps_it_busy", cycles, 160u * BIT_CYCLES - 20u, 160u * BIT_CYCLES + 2u * LOOK);
    return dma_flags(DMA1, 3);
}

static uint32_t heard_after(uint32_t word) {
    USART_TDR(USART6) = word;
    CYCLES_UNTIL(USART_ISR(UART7) & USART_ISR_RXNE, 100);
    return USART_ISR(UART7);
}

static void parity(void) {
    set_up(USART_CR1_M0 | USART_CR1_PCE, 0, USART_CR1_M0 | USART_CR1_PCE);
    CHECK("even_parity_agrees", heard_after(0x57) & USART_ISR_PE, 0);
    CHECK("the_ninth_bit_is_the_parity", USART_RDR(UART7), 0x157);
    set_up(USART_CR1_M0 | USART_CR1_PCE | USART_CR1_PS_ODD, 0, USART_CR1_M0 | USART_CR1_PCE);
    CHECK("odd_parity_is_an_error_to_even", heard_after(0x57) & USART_ISR_PE, USART_ISR_PE);
    (void)USART_RDR(UART7);
    USART_ICR(UART7) = USART_ISR_PE;
    CHECK("pecf_clears_it", USART_ISR(UART7) & USART_ISR_PE, 0);
    /* Eight bits of data to a receiver that takes the eighth for a parity bit. */
    set_up(0, 0, USART_CR1_PCE);
    CHECK("a_byte_with_three_ones_is_no_even_word", heard_after(0x07) & USART_ISR_PE, USART_ISR_PE);
    set_up(0, 0, USART_CR1_PCE);
    CHECK("one_with_four_is", heard_after(0x0F) & USART_ISR_PE, 0);
}

/* A break is a frame of zeros without a stop bit. At half the receiver's rate 0x01 is low for two of its bits, high for two, low for 14. */
static void framing(void) {
    set_up(0, 0, 0);
    USART_RQR(USART6) = USART_RQR_SBKRQ;
    CYCLES_UNTIL(USART_ISR(UART7) & USART_ISR_RXNE, 100);
    CHECK("a_break_is_a_framing_error", USART_ISR(UART7) & USART_ISR_FE, USART_ISR_FE);
    CHECK("of_zeros", USART_RDR(UART7), 0);
    USART_ICR(UART7) = USART_ISR_FE;
    CHECK("fecf_clears_it", USART_ISR(UART7) & USART_ISR_FE, 0);
    set_up(0, 0, 0);
    USART_CR1(USART6) = 0;
    USART_BRR(USART6) = 2u * APB2_HZ / BAUD_RATE;
    USART_CR1(USART6) = ON;
    wait_cycles(60u * BIT_CYCLES);
    USART_ICR(UART7) = USART_ISR_IDLE;
    CHECK("so_is_half_the_rate", heard_after(0x01) & USART_ISR_FE, USART_ISR_FE);
    CHECK("each_bit_is_heard_twice", USART_RDR(UART7), 0x06);
}

static void receiver(void) {
    set_up(0, 0, 0);
    heard_after('x');
    USART_TDR(USART6) = 'y';
    CYCLES_UNTIL(USART_ISR(UART7) & USART_ISR_ORE, 100);
    CHECK("a_second_unread_byte_is_an_overrun", USART_ISR(UART7) & (USART_ISR_ORE | USART_ISR_RXNE), USART_ISR_ORE | USART_ISR_RXNE);
    CHECK("the_first_is_kept", USART_RDR(UART7), 'x');
    USART_ICR(UART7) = USART_ICR_ORECF;
    CHECK("orecf_clears_ore", USART_ISR(UART7) & (USART_ISR_ORE | USART_ISR_RXNE), 0);
    USART_CR1(UART7) = 0;
    USART_CR3(UART7) = USART_CR3_OVRDIS;
    USART_CR1(UART7) = ON;
    heard_after('x');
    USART_TDR(USART6) = 'y';
    wait_cycles(15u * BIT_CYCLES);
    CHECK("with_ovrdis_the_second_replaces_it", USART_RDR(UART7), 'y');
    CHECK("and_there_is_no_overrun", USART_ISR(UART7) & USART_ISR_ORE, 0);
    heard_after('z');
    USART_RQR(UART7) = USART_RQR_RXFRQ;
    CHECK("rxfrq_drops_what_was_received", USART_ISR(UART7) & USART_ISR_RXNE, 0);
    set_up(0, USART_CR2_ADD('!') | USART_CR2_ADDM7, 0);
    CHECK("another_character_does_not_match", heard_after('?') & USART_ISR_CMF, 0);
    (void)USART_RDR(UART7);
    CHECK("the_one_in_add_does", heard_after('!') & USART_ISR_CMF, USART_ISR_CMF);
}

int main(void) {
    __attribute__((section(".dtcm_bss"))) static char by_7[BYTES];
    clock_on(&RCC_APB1ENR, RCC_APB1ENR_UART7EN);
    clock_on(&RCC_APB2ENR, RCC_APB2ENR_USART6EN);
    pins_alternate(GPIOC, 1u << 6 | 1u << 7, AF8, PULL_UP, 0);
    pins_alternate(GPIOF, 1u << 6 | 1u << 7, AF8, PULL_UP, 0);
    frames();
    interrupting();
    if (heard) {
        received_by_interrupt();
    }
    const uint32_t flags = by_dma(by_7);
    if (!heard) {
        check_skip("what_is_received", "there is no wire from D1 to A5");
        return check_verdict();
    }
    CHECK("dma_takes_what_is_received", flags & DMA_TCIF, DMA_TCIF);
    CHECK("as_it_was_sent", first_difference(by_7, text, BYTES), BYTES);
    parity();
    framing();
    receiver();
    return check_verdict();
}
