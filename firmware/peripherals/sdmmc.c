/* SDMMC1 with a microSD card: identification as the SD specification has it, blocks written and read through the FIFO and by DMA, time-outs
   of a command and of data. The card's block 7 is changed. Without a card only the time-out is checked. */
#include <string.h>

#include "check.h"
#include "dma.h"
#include "memories.h"
#include "pins.h"

#define AF12 12u
#define BLOCK 512u
#define PLACE 7u
#define BLOCKS 3u
#define KERNEL_HZ 48000000u
#define SLOW_DIVISOR 120u /* 400 kHz */
#define FAST_DIVISOR 2u   /* 24 MHz */
#define MILLISECOND (KERNEL_HZ / FAST_DIVISOR / 1000u) /* in the card's clocks */
#define PATIENCE 5000u
#define FAILED (SDMMC_STA_CCRCFAIL | SDMMC_STA_CTIMEOUT)

__attribute__((section(".dtcm_bss"), aligned(16))) static uint32_t sent[BLOCKS * BLOCK / 4], received[BLOCKS * BLOCK / 4];
static uint32_t card; /* its relative address, in the upper half */
static uint32_t high_capacity;
static uint32_t read_cycles, read_flags;

static void set_up(void) {
    pins_alternate(GPIOC, 0x1F00u, AF12, PULL_UP, 0);
    pins_alternate(GPIOD, 1u << 2, AF12, PULL_UP, 0);
    pin_mode(GPIOC, 13, INPUT);
    pin_pull(GPIOC, 13, PULL_UP);
    clock_on(&RCC_APB2ENR, RCC_APB2ENR_SDMMC1EN);
    SDMMC_POWER = SDMMC_POWER_ON;
    SDMMC_CLKCR = SDMMC_CLKCR_CLKDIV(SLOW_DIVISOR) | SDMMC_CLKCR_CLKEN;
    wait_milliseconds(1);
}

/* The flag that ended the command; the response is in RESP1. */
static uint32_t command(uint32_t index, uint32_t argument, uint32_t response) {
    const uint32_t ends = FAILED | (response ? SDMMC_STA_CMDREND : SDMMC_STA_CMDSENT);
    SDMMC_ICR = SDMMC_ICR_ALL;
    SDMMC_ARG = argument;
    SDMMC_CMD = index | response | SDMMC_CMD_CPSMEN;
    CYCLES_UNTIL(SDMMC_STA & ends, PATIENCE);
    const uint32_t seen = SDMMC_STA & ends;
    SDMMC_ICR = SDMMC_ICR_ALL;
    return seen;
}

static uint32_t application(uint32_t index, uint32_t argument) {
    command(55, card, SDMMC_CMD_SHORT);
    return command(index, argument, SDMMC_CMD_SHORT);
}

/* SD physical layer, 4.2: idle, interface condition, operating condition, identification, an address, selection, four lines. */
static void identify(void) {
    CHECK("cmd0_has_no_response", command(0, 0, 0), SDMMC_STA_CMDSENT);
    CHECK("cmd8_is_answered", command(8, 0x1AA, SDMMC_CMD_SHORT), SDMMC_STA_CMDREND);
    CHECK("by_its_own_index", SDMMC_RESPCMD, 8);
    CHECK("with_the_pattern_that_was_sent", SDMMC_RESP(1) & 0xFFFu, 0x1AA);
    uint32_t tries = 0;
    do {
        application(41, 0x40300000u);
    } while ((SDMMC_RESP(1) & 1u << 31) == 0 && ++tries < 1000);
    high_capacity = SDMMC_RESP(1) >> 30 & 1u;
    CHECK("acmd41_ends_ready", SDMMC_RESP(1) >> 31, 1);
    CHECK("cmd2_brings_a_long_response", command(2, 0, SDMMC_CMD_LONG), SDMMC_STA_CMDREND);
    const uint32_t identity = SDMMC_RESP(1) | SDMMC_RESP(2) | SDMMC_RESP(3);
    CHECK("which_is_not_empty", identity == 0, 0);
    command(3, 0, SDMMC_CMD_SHORT);
    card = SDMMC_RESP(1) & 0xFFFF0000u;
    CHECK("cmd3_publishes_an_address", card == 0, 0);
    CHECK("cmd7_selects_the_card", command(7, card, SDMMC_CMD_SHORT), SDMMC_STA_CMDREND);
    command(13, card, SDMMC_CMD_SHORT);
    CHECK("it_is_in_the_state_transfer", SDMMC_RESP(1) >> 9 & 15u, 4);
    CHECK("acmd6_takes_four_lines", application(6, 2), SDMMC_STA_CMDREND);
    command(16, BLOCK, SDMMC_CMD_SHORT);
    SDMMC_CLKCR = SDMMC_CLKCR_CLKDIV(FAST_DIVISOR) | SDMMC_CLKCR_CLKEN | SDMMC_CLKCR_WIDBUS_4;
}

/* Until the card is back in the state transfer. */
static void await_card(void) {
    for (uint32_t tries = 0; tries < 1000; tries++) {
        command(13, card, SDMMC_CMD_SHORT);
        if ((SDMMC_RESP(1) >> 8 & 0x1Fu) == 9) {
            return;
        }
    }
}

static void data(uint32_t bytes, uint32_t control) {
    SDMMC_DTIMER = 100u * MILLISECOND;
    SDMMC_DLEN = bytes;
    SDMMC_DCTRL = control | SDMMC_DCTRL_BLOCK_512 | SDMMC_DCTRL_DTEN;
}

/* Cards of high capacity count blocks, others bytes. */
static uint32_t address(uint32_t block) {
    return high_capacity ? block : block * BLOCK;
}

static uint32_t written(void) {
    uint32_t at = 0;
    command(24, address(PLACE), SDMMC_CMD_SHORT);
    data(BLOCK, 0);
    while ((SDMMC_STA & (SDMMC_STA_DATAEND | SDMMC_STA_TXUNDERR | SDMMC_STA_DTIMEOUT)) == 0) {
        if (at < BLOCK / 4 && SDMMC_STA & SDMMC_STA_TXFIFOHE) {
            for (int i = 0; i < 8; i++) {
                SDMMC_FIFO = sent[at++];
            }
        }
    }
    const uint32_t seen = SDMMC_STA;
    SDMMC_ICR = SDMMC_ICR_ALL;
    await_card();
    return seen;
}

static void read_block(void) {
    uint32_t at = 0;
    memset(received, 0, sizeof received);
    SDMMC_ICR = SDMMC_ICR_ALL;
    data(BLOCK, SDMMC_DCTRL_DTDIR);
    command(17, address(PLACE), SDMMC_CMD_SHORT);
    const uint32_t start = board_cycles();
    while ((SDMMC_STA & (SDMMC_STA_DBCKEND | SDMMC_STA_DATAEND | SDMMC_STA_RXOVERR | SDMMC_STA_DTIMEOUT)) == 0 || SDMMC_STA & SDMMC_STA_RXDAVL) {
        if (SDMMC_STA & SDMMC_STA_RXDAVL && at < BLOCK / 4) {
            received[at++] = SDMMC_FIFO;
        }
    }
    read_cycles = board_cycles() - start;
    read_flags = SDMMC_STA;
    SDMMC_ICR = SDMMC_ICR_ALL;
}

/* SDMMC1: DMA2 stream 3, channel 4; the peripheral controls the flow. */
static void blocks_by_dma(void) {
    memset(received, 0, sizeof received);
    dma_start(
        DMA2, 3, 0x40012C80u, received, BLOCKS * BLOCK / 4, DMA_SFCR_DMDIS | DMA_SFCR_FTH(3),
        DMA_SCR_CHSEL(4) | DMA_SCR_MINC | DMA_SCR_PSIZE(2) | DMA_SCR_MSIZE(2) | DMA_SCR_MBURST_INCR4
    );
    data(BLOCKS * BLOCK, SDMMC_DCTRL_DTDIR | SDMMC_DCTRL_DMAEN);
    command(18, address(PLACE - 1u), SDMMC_CMD_SHORT);
    CYCLES_UNTIL(dma_flags(DMA2, 3) & DMA_TCIF, PATIENCE);
    const uint32_t ended = CYCLES_UNTIL(SDMMC_STA & SDMMC_STA_DATAEND, PATIENCE);
    const uint32_t left = SDMMC_DCOUNT;
    CHECK("cmd12_stops_a_read_of_several", command(12, 0, SDMMC_CMD_SHORT), SDMMC_STA_CMDREND);
    CHECK("dataend_comes_behind_the_last_block", ended == NEVER, 0);
    CHECK("dcount_is_0", left, 0);
    CHECK("dma_stores_the_middle_block", first_difference(sent, received + BLOCK / 4, BLOCK), BLOCK);
}

static void transfers(void) {
    for (uint32_t i = 0; i < BLOCK / 4; i++) {
        sent[i] = 0x01000193u * (i + 1u);
    }
    CHECK("a_block_is_written", written() & (SDMMC_STA_DATAEND | SDMMC_STA_TXUNDERR | SDMMC_STA_DTIMEOUT), SDMMC_STA_DATAEND);
    read_block();
    CHECK("and_read_again", first_difference(sent, received, BLOCK), BLOCK);
    CHECK("without_an_error", read_flags & (SDMMC_STA_RXOVERR | SDMMC_STA_DTIMEOUT), 0);
    /* 512 bytes on four lines are 1,024 clocks of 24 MHz, 9 core cycles each; the card answers before. */
    CHECK_WITHIN("in_1024_clocks_and_the_cards_time", read_cycles, 1024u * 9u, 1024u * 9u + 2000u * CYCLES_PER_MICROSECOND);
    blocks_by_dma();
}

static void timeouts(void) {
    SDMMC_ICR = SDMMC_ICR_ALL;
    SDMMC_DTIMER = MILLISECOND;
    SDMMC_DLEN = BLOCK;
    SDMMC_DCTRL = SDMMC_DCTRL_DTDIR | SDMMC_DCTRL_BLOCK_512 | SDMMC_DCTRL_DTEN;
    const uint32_t cycles = CYCLES_UNTIL(SDMMC_STA & SDMMC_STA_DTIMEOUT, PATIENCE);
    CHECK_WITHIN("data_that_do_not_come_time_out_by_dtimer", cycles, 1000u * CYCLES_PER_MICROSECOND, 1005u * CYCLES_PER_MICROSECOND);
    SDMMC_DCTRL = 0;
    SDMMC_ICR = SDMMC_ICR_ALL;
}

int main(void) {
    set_up();
    /* By nobody, or by a card in the state idle. */
    CHECK("a_command_that_nobody_answers_times_out", command(2, 0, SDMMC_CMD_LONG), SDMMC_STA_CTIMEOUT);
    if (pin_read(GPIOC, 13)) {
        check_skip("what_a_card_does", "there is no card");
        return check_verdict();
    }
    identify();
    transfers();
    timeouts();
    return check_verdict();
}
