/* RNG: a word each 40 periods of its 48 MHz, no two alike in a row, the interrupt, and the flags of a clock that fails. */
#include "check.h"
#include "clocks.h"

#define RNG_CR REG32(0x50060800u)
#define RNG_CR_RNGEN (1u << 2)
#define RNG_CR_IE (1u << 3)
#define RNG_SR REG32(0x50060804u)
#define RNG_SR_DRDY (1u << 0)
#define RNG_SR_CECS (1u << 1)
#define RNG_SR_SECS (1u << 2)
#define RNG_SR_CEIS (1u << 5)
#define RNG_DR REG32(0x50060808u)
#define RNG_IRQ 80u

#define WORDS 64u
/* 40 periods of 48 MHz. */
#define WORD_CYCLES 180u

static volatile uint32_t interrupts, status;

void RNG_IRQHandler(void);

void RNG_IRQHandler(void) {
    interrupts++;
    status = RNG_SR;
    if (status & RNG_SR_DRDY) {
        (void)RNG_DR;
    }
    RNG_SR = 0;
    RNG_CR &= ~RNG_CR_IE;
    dsb();
}

static uint32_t ones(uint32_t word) {
    uint32_t count = 0;
    for (; word; word &= word - 1u) {
        count++;
    }
    return count;
}

static void words(void) {
    uint32_t set = 0, repeated = 0, last = 0, late = 0;
    RNG_CR = RNG_CR_RNGEN;
    for (uint32_t i = 0; i < WORDS; i++) {
        late += CYCLES_UNTIL(RNG_SR & RNG_SR_DRDY, 10) == NEVER;
        const uint32_t word = RNG_DR;
        set += ones(word);
        repeated += i > 0 && word == last;
        last = word;
    }
    CHECK("every_word_comes", late, 0);
    CHECK("no_word_comes_twice_in_a_row", repeated, 0);
    /* 2,048 bits, five standard deviations of 22.6 either way. */
    CHECK_WITHIN("half_of_the_bits_are_set", set, 911, 1137);
    CHECK("no_error_is_seen", RNG_SR & ~RNG_SR_DRDY, 0);
}

static void time(void) {
    CYCLES_UNTIL(RNG_SR & RNG_SR_DRDY, 10);
    (void)RNG_DR;
    CHECK("drdy_falls_as_dr_is_read", RNG_SR & RNG_SR_DRDY, 0);
    RNG_CR = 0;
    RNG_CR = RNG_CR_RNGEN;
    CYCLES_UNTIL(RNG_SR & RNG_SR_DRDY, 10);
    const uint32_t start = board_cycles();
    for (int i = 0; i < 8; i++) {
        (void)RNG_DR;
        while ((RNG_SR & RNG_SR_DRDY) == 0) {
        }
    }
    const uint32_t taken = board_cycles() - start;
    CHECK_WITHIN("eight_words_take_forty_periods_each", taken, 7u * WORD_CYCLES, 8u * (WORD_CYCLES + 30u));
}

static void interrupt(void) {
    enable_interrupt(RNG_IRQ);
    (void)RNG_DR;
    interrupts = 0;
    RNG_CR = RNG_CR_RNGEN | RNG_CR_IE;
    wait_cycles(3u * WORD_CYCLES);
    CHECK("the_interrupt_comes_for_a_word", interrupts, 1);
    CHECK("and_says_so", status & (RNG_SR_DRDY | RNG_SR_CEIS), RNG_SR_DRDY);
}

/* Chapter 20, error management: a clock below a sixteenth of HCLK. PLLSAI, which is off, is asked for it. */
static void clock_error(void) {
    RCC_DCKCFGR2 |= RCC_DCKCFGR2_CK48MSEL;
    wait_microseconds(10);
    const uint32_t without = RNG_SR;
    RCC_DCKCFGR2 &= ~RCC_DCKCFGR2_CK48MSEL;
    wait_microseconds(10);
    const uint32_t with = RNG_SR;
    CHECK("a_clock_that_stands_still_is_seen", without & (RNG_SR_CECS | RNG_SR_CEIS), RNG_SR_CECS | RNG_SR_CEIS);
    CHECK("cecs_falls_with_the_clock_and_ceis_stays", with & (RNG_SR_CECS | RNG_SR_CEIS), RNG_SR_CEIS);
    RNG_SR = 0;
    CHECK("ceis_is_cleared_by_a_zero", RNG_SR & RNG_SR_CEIS, 0);
}

int main(void) {
    clock_on(&RCC_AHB2ENR, RCC_AHB2ENR_RNGEN);
    words();
    time();
    interrupt();
    clock_error();
    return check_verdict();
}
