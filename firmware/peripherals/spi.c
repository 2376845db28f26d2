/* SPI2 with its own output as its input, D11 (PB15) wired to D12 (PB14): words of 8, 16 and 5 bits, their time, the FIFO, overrun, CRC,
   interrupts, DMA both ways. Without the wire only what needs none is checked. */
#include <string.h>

#include "check.h"
#include "dma.h"
#include "pins.h"
#include "serial.h"

#define AF5 5u
#define DIVISOR 8u /* of 54 MHz */
#define BIT_CYCLES (DIVISOR * (CORE_HZ / APB1_HZ))
#define MASTER (SPI_CR1_MSTR | SPI_CR1_SSM | SPI_CR1_SSI | SPI_CR1_BR(2))
#define BYTES 32u

static volatile uint32_t interrupts, heard;

void SPI2_IRQHandler(void);

void SPI2_IRQHandler(void) {
    interrupts++;
    heard = SPI_DR8(SPI2);
    dsb();
}

static void set_up(unsigned bits, uint32_t cr1, uint32_t cr2) {
    SPI_CR1(SPI2) = 0;
    SPI_CR2(SPI2) = SPI_CR2_DS(bits) | (bits <= 8 ? SPI_CR2_FRXTH_8 : 0) | cr2;
    SPI_CR1(SPI2) = MASTER | cr1;
    SPI_CR1(SPI2) = MASTER | cr1 | SPI_CR1_SPE;
}

/* Section 32.5.9, disabling: the FIFO is sent, the bus is quiet, what came is read. */
static void shut_down(void) {
    CYCLES_UNTIL((SPI_SR(SPI2) & (SPI_SR_FTLVL | SPI_SR_BSY)) == 0, 100);
    SPI_CR1(SPI2) &= ~SPI_CR1_SPE;
    while (SPI_SR(SPI2) & SPI_SR_FRLVL) {
        (void)SPI_DR8(SPI2);
    }
    (void)SPI_SR(SPI2);
    SPI_CR2(SPI2) = 0;
}

static uint32_t exchanged(uint32_t byte) {
    SPI_DR8(SPI2) = (uint8_t)byte;
    CYCLES_UNTIL(SPI_SR(SPI2) & SPI_SR_RXNE, 100);
    return SPI_DR8(SPI2);
}

static void without_a_wire(void) {
    CHECK("txe_is_the_state_at_rest", SPI_SR(SPI2), SPI_SR_TXE);
    set_up(8, 0, 0);
    const uint32_t start = board_cycles();
    SPI_DR8(SPI2) = 0xA5;
    CYCLES_UNTIL(SPI_SR(SPI2) & SPI_SR_RXNE, 100);
    const uint32_t one = board_cycles() - start;
    CHECK_WITHIN("a_byte_takes_eight_periods", one, 8u * BIT_CYCLES, 9u * BIT_CYCLES + LOOK);
    shut_down();

    set_up(8, 0, 0);
    for (int i = 0; i < 3; i++) {
        SPI_DR8(SPI2) = 0;
    }
    const uint32_t busy = SPI_SR(SPI2);
    const uint32_t again = board_cycles();
    CYCLES_UNTIL((SPI_SR(SPI2) & SPI_SR_BSY) == 0, 100);
    const uint32_t three = board_cycles() - again;
    CHECK("bsy_is_set_while_words_leave", busy & SPI_SR_BSY, SPI_SR_BSY);
    CHECK_WITHIN("three_bytes_leave_back_to_back", three, 23u * BIT_CYCLES, 25u * BIT_CYCLES + LOOK);
    CHECK("three_bytes_wait_in_the_fifo", SPI_SR(SPI2) & (SPI_SR_FRLVL | SPI_SR_RXNE), FIELD(2, 9) | SPI_SR_RXNE);
    SPI_DR8(SPI2) = 0;
    wait_cycles(10u * BIT_CYCLES);
    CHECK("four_fill_it", SPI_SR(SPI2) & (SPI_SR_FRLVL | SPI_SR_OVR), FIELD(3, 9));
    SPI_DR8(SPI2) = 0;
    CYCLES_UNTIL((SPI_SR(SPI2) & SPI_SR_BSY) == 0, 100);
    CHECK("a_fifth_unread_byte_is_an_overrun", SPI_SR(SPI2) & SPI_SR_OVR, SPI_SR_OVR);
    (void)SPI_DR8(SPI2);
    (void)SPI_SR(SPI2);
    CHECK("reading_dr_and_sr_clears_it", SPI_SR(SPI2) & SPI_SR_OVR, 0);
    shut_down();
}

static void words(void) {
    set_up(8, 0, 0);
    CHECK("a_byte_comes_back", exchanged(0xA5), 0xA5);
    SPI_DR(SPI2) = 0x1234; /* section 32.5.9, data packing: two bytes in one access */
    CYCLES_UNTIL((SPI_SR(SPI2) & SPI_SR_FRLVL) == FIELD(2, 9), 100);
    const uint32_t first = SPI_DR8(SPI2);
    CHECK("a_halfword_is_two_bytes_lower_first", first | (uint32_t)SPI_DR8(SPI2) << 8, 0x1234);
    shut_down();
    set_up(16, 0, 0);
    const uint32_t start = board_cycles();
    SPI_DR(SPI2) = 0xBEEF;
    CYCLES_UNTIL(SPI_SR(SPI2) & SPI_SR_RXNE, 100);
    const uint32_t cycles = board_cycles() - start;
    CHECK("sixteen_bits_come_back", SPI_DR(SPI2), 0xBEEF);
    CHECK_WITHIN("in_sixteen_periods", cycles, 16u * BIT_CYCLES, 17u * BIT_CYCLES + LOOK);
    shut_down();
    set_up(5, 0, 0);
    CHECK("of_five_bits_five_come_back", exchanged(0xFF), 0x1F);
    shut_down();
    set_up(8, 0, 0);
    SPI_CR2(SPI2) &= ~SPI_CR2_FRXTH_8;
    SPI_DR8(SPI2) = 1;
    wait_cycles(20u * BIT_CYCLES);
    const uint32_t one = SPI_SR(SPI2) & SPI_SR_RXNE;
    SPI_DR8(SPI2) = 2;
    wait_cycles(20u * BIT_CYCLES);
    CHECK("with_frxth_of_0_one_byte_is_not_rxne", one, 0);
    CHECK("two_are", SPI_SR(SPI2) & SPI_SR_RXNE, SPI_SR_RXNE);
    CHECK("and_are_read_together", SPI_DR(SPI2), 0x0201);
    shut_down();
}

static void interrupting(void) {
    enable_interrupt(SPI2_IRQ);
    set_up(8, 0, SPI_CR2_RXNEIE);
    for (uint32_t byte = 1; byte <= 4; byte++) {
        SPI_DR8(SPI2) = (uint8_t)byte;
        wait_cycles(12u * BIT_CYCLES);
    }
    CHECK("each_byte_interrupts", interrupts, 4);
    CHECK("with_what_was_sent", heard, 4);
    shut_down();
}

/* SPI2_RX and SPI2_TX: DMA1 streams 3 and 4, channel 0. Section 32.5.9, communication using DMA: the receiver first. */
static void by_dma(void) {
    __attribute__((section(".dtcm_bss"))) static uint8_t sent[BYTES], received[BYTES];
    for (uint32_t i = 0; i < BYTES; i++) {
        sent[i] = (uint8_t)(7u * i + 3u);
    }
    memset(received, 0, sizeof received);
    SPI_CR1(SPI2) = 0;
    SPI_CR2(SPI2) = SPI_CR2_DS(8) | SPI_CR2_FRXTH_8 | SPI_CR2_RXDMAEN;
    SPI_CR1(SPI2) = MASTER;
    dma_start(DMA1, 3, SPI2 + 0x0Cu, received, BYTES, 0, DMA_SCR_MINC);
    dma_start(DMA1, 4, SPI2 + 0x0Cu, sent, BYTES, 0, DMA_SCR_MINC | DMA_SCR_DIR_M2P);
    SPI_CR2(SPI2) |= SPI_CR2_TXDMAEN;
    const uint32_t start = board_cycles();
    SPI_CR1(SPI2) |= SPI_CR1_SPE;
    CYCLES_UNTIL(dma_flags(DMA1, 3) & DMA_TCIF, 200);
    const uint32_t cycles = board_cycles() - start;
    CHECK("dma_receives_what_dma_sends", first_difference(sent, received, BYTES), BYTES);
    CHECK_WITHIN("without_a_gap", cycles, 8u * BYTES * BIT_CYCLES, (8u * BYTES + 4u) * BIT_CYCLES + LOOK);
    shut_down();
}

/* Section 32.5.14: what is received with a right CRC behind it leaves CRCERR at 0; polynomial and result of CRC-8/SMBUS. */
static void checksum(void) {
    SPI_CRCPR(SPI2) = 0x07;
    set_up(8, SPI_CR1_CRCEN, 0);
    for (uint32_t byte = '1'; byte <= '9'; byte++) {
        if (byte == '9') {
            SPI_DR8(SPI2) = (uint8_t)byte;
            SPI_CR1(SPI2) |= SPI_CR1_CRCNEXT;
            CYCLES_UNTIL(SPI_SR(SPI2) & SPI_SR_RXNE, 100);
            (void)SPI_DR8(SPI2);
        } else {
            exchanged(byte);
        }
    }
    CYCLES_UNTIL(SPI_SR(SPI2) & SPI_SR_RXNE, 100);
    CHECK("the_crc_follows_the_last_byte", SPI_DR8(SPI2), 0xF4);
    CHECK("txcrcr_has_it", SPI_TXCRCR(SPI2), 0xF4);
    CHECK("the_receiver_agrees", SPI_SR(SPI2) & SPI_SR_CRCERR, 0);
    shut_down();
}

int main(void) {
    clock_on(&RCC_APB1ENR, RCC_APB1ENR_SPI2EN);
    pins_alternate(GPIOI, 1u << 1, AF5, NO_PULL, 0);
    pins_alternate(GPIOB, 1u << 15 | 1u << 14, AF5, PULL_DOWN, 0);
    without_a_wire();
    set_up(8, 0, 0);
    const int wired = exchanged(0x5A) == 0x5A;
    shut_down();
    if (!wired) {
        check_skip("what_comes_back", "there is no wire from D11 to D12");
        return check_verdict();
    }
    words();
    interrupting();
    by_dma();
    checksum();
    return check_verdict();
}
