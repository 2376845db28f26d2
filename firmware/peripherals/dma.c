/* DMA1 and DMA2: memory to memory, packing in the FIFO, bursts, circular and double buffers, errors, an abort, a peripheral's pace.
   From outside, a stream at TIM6's pace gives PI1 four pulses. */
#include <string.h>

#include "check.h"
#include "dma.h"
#include "pins.h"
#include "timers.h"

#define M2M 0u /* the stream of DMA2 that copies memory */
#define PACED 1u /* DMA1's for TIM6_UP, on channel 7 */
#define WORDS 64u
#define FULL (DMA_SFCR_DMDIS | DMA_SFCR_FTH(3))
#define COPY (DMA_SCR_DIR_M2M | DMA_SCR_PINC | DMA_SCR_MINC)
#define WORD_SIZES (DMA_SCR_PSIZE(2) | DMA_SCR_MSIZE(2))
#define TICK_CYCLES 2160u
#define RELOAD (TICK_CYCLES / (CORE_HZ / APB1_TIMER_HZ) - 1u)
#define NOWHERE 0x30000000u

/* The DTCM is not cached. */
__attribute__((section(".dtcm_bss"), aligned(16))) static uint32_t from[WORDS], to[WORDS], second[WORDS];
static volatile uint32_t interrupts, seen[16];

void DMA2_Stream0_IRQHandler(void);
void DMA1_Stream1_IRQHandler(void);

void DMA2_Stream0_IRQHandler(void) {
    seen[interrupts++ % 16u] = dma_flags(DMA2, M2M);
    dma_clear(DMA2, M2M);
    dsb();
}

void DMA1_Stream1_IRQHandler(void) {
    seen[interrupts++ % 16u] = dma_flags(DMA1, PACED) | (DMA_SCR(DMA1, PACED) & DMA_SCR_CT);
    dma_clear(DMA1, PACED);
    dsb();
}

static void fill(void) {
    for (uint32_t i = 0; i < WORDS; i++) {
        from[i] = 0x01020304u * (i + 1u);
    }
    memset(to, 0xEE, sizeof to);
}

/* Cycles until TCIF or TEIF. */
static uint32_t copied(const void *source, void *destination, uint32_t items, uint32_t fifo, uint32_t control) {
    const uint32_t start = board_cycles();
    dma_start(DMA2, M2M, (uint32_t)source, destination, items, fifo, control);
    CYCLES_UNTIL(dma_flags(DMA2, M2M) & (DMA_TCIF | DMA_TEIF), 100);
    return board_cycles() - start;
}

static void memory_to_memory(void) {
    fill();
    const uint32_t cycles = copied(from, to, WORDS, FULL, COPY | WORD_SIZES);
    CHECK("words_are_copied", first_difference(from, to, sizeof to), sizeof to);
    /* A read and a write a word on two ports, and the stream's set-up by the core. */
    CHECK_WITHIN("a_word_takes_two_to_six_cycles", cycles, 2u * WORDS, 6u * WORDS + 2u * LOOK);
    CHECK("half_and_whole_are_told", dma_flags(DMA2, M2M), DMA_HTIF | DMA_TCIF);
    CHECK("ndtr_is_0_at_the_end", DMA_SNDTR(DMA2, M2M), 0);
    CHECK("en_falls_by_itself", DMA_SCR(DMA2, M2M) & DMA_SCR_EN, 0);
    dma_clear(DMA2, M2M);
    CHECK("ones_clear_the_flags", dma_flags(DMA2, M2M), 0);
}

/* Section 8.3, packing and unpacking. */
static void packing(void) {
    fill();
    copied(from, to, 4 * WORDS, FULL, COPY | DMA_SCR_PSIZE(0) | DMA_SCR_MSIZE(2));
    CHECK("bytes_are_packed_into_words", first_difference(from, to, sizeof to), sizeof to);
    fill();
    copied(from, to, WORDS, FULL, COPY | DMA_SCR_PSIZE(2) | DMA_SCR_MSIZE(0));
    CHECK("words_are_unpacked_into_bytes", first_difference(from, to, sizeof to), sizeof to);
    fill();
    copied(from, to, 8, FULL, COPY | DMA_SCR_PSIZE(1) | DMA_SCR_MSIZE(2) | DMA_SCR_MBURST_INCR4);
    CHECK("halfwords_leave_in_bursts_of_words", first_difference(from, to, sizeof to), 16);
    fill();
    copied(from, to, 3, FULL, COPY | DMA_SCR_PSIZE(0) | DMA_SCR_MSIZE(2));
    CHECK("a_rest_is_stored_too", to[0] & 0xFFFFFFu, from[0] & 0xFFFFFFu);
    fill();
    copied(from, to, 4, FULL, (COPY & ~DMA_SCR_PINC) | WORD_SIZES);
    CHECK("without_pinc_one_word_fills", to[0] == from[0] && to[3] == from[0] && to[4] == 0xEEEEEEEEu, 1);
}

/* Section 8.3, arbiter: a priority by software counts more than a lower number. */
static void priorities(void) {
    fill();
    memset(second, 0xEE, sizeof second);
    dma_start(DMA2, M2M, (uint32_t)from, to, 4 * WORDS, 0, COPY | DMA_SCR_PL(0));
    dma_start(DMA2, 1, (uint32_t)from, second, 4 * WORDS, 0, COPY | DMA_SCR_PL(3));
    CYCLES_UNTIL(dma_flags(DMA2, 1) & DMA_TCIF, 100);
    const uint32_t left = DMA_SNDTR(DMA2, M2M);
    CYCLES_UNTIL(dma_flags(DMA2, M2M) & DMA_TCIF, 100);
    CHECK("the_higher_priority_goes_first", left > 0, 1);
    CHECK("both_arrive", first_difference(from, to, sizeof to) + first_difference(from, second, sizeof second), 2 * sizeof to);
}

static void errors(void) {
    fill();
    enable_interrupt(DMA2_STREAM0_IRQ);
    interrupts = 0;
    copied((const void *)NOWHERE, to, 4, FULL, COPY | WORD_SIZES | DMA_SCR_TEIE);
    wait_cycles(100);
    CHECK("a_bus_error_interrupts_once", interrupts, 1);
    CHECK("as_teif", seen[0] & DMA_TEIF, DMA_TEIF);
    CHECK("and_ends_the_stream", DMA_SCR(DMA2, M2M) & DMA_SCR_EN, 0);
    disable_interrupt(DMA2_STREAM0_IRQ);

    /* Section 8.3, error management: a burst of 16 words is more than the FIFO; the stream does not start. */
    dma_start(DMA2, M2M, (uint32_t)from, to, 16, FULL, COPY | WORD_SIZES | DMA_SCR_MBURST_INCR16);
    wait_cycles(100);
    CHECK("a_burst_beyond_the_threshold_is_feif", dma_flags(DMA2, M2M), DMA_FEIF);
    CHECK("and_en_is_cleared", DMA_SCR(DMA2, M2M) & DMA_SCR_EN, 0);
    DMA_SCR(DMA2, M2M) = 0;

    /* Section 8.3, transfer modes: only DMA2 copies memory; DMA1's peripheral port reaches none. */
    dma_start(DMA1, 0, (uint32_t)from, to, 4, FULL, COPY | WORD_SIZES);
    wait_microseconds(5);
    CHECK("dma1_does_not_copy_memory", dma_flags(DMA1, 0) & DMA_TCIF, 0);
    DMA_SCR(DMA1, 0) = 0;
}

static void pace(void) {
    clock_on(&RCC_APB1ENR, RCC_APB1ENR_TIM6EN);
    TIM_CR1(TIM6) = 0;
    TIM_PSC(TIM6) = 0;
    TIM_ARR(TIM6) = RELOAD;
    TIM_EGR(TIM6) = TIM_EGR_UG;
    TIM_SR(TIM6) = 0;
    TIM_DIER(TIM6) = TIM_DIER_UDE;
    TIM_CR1(TIM6) = TIM_CR1_CEN;
}

static void stop(void) {
    TIM_CR1(TIM6) = 0;
    TIM_DIER(TIM6) = 0;
    DMA_SCR(DMA1, PACED) = 0;
    while (DMA_SCR(DMA1, PACED) & DMA_SCR_EN) {
    }
}

#define OUT (DMA_SCR_DIR_M2P | DMA_SCR_MINC | WORD_SIZES)
#define OUT_BY_TIM6 (OUT | DMA_SCR_CHSEL(7))

/* DMA1's peripheral port reaches APB1: the port's BSRR is DMA2's to write, so TIM6's ARR is written here. */
static void a_peripherals_pace(void) {
    for (uint32_t i = 0; i < 8; i++) {
        from[i] = i < 7 ? RELOAD : 546;
    }
    pace();
    const uint32_t start = board_cycles();
    dma_start(DMA1, PACED, TIM6 + 0x2Cu, from, 8, 0, OUT_BY_TIM6);
    CYCLES_UNTIL(dma_flags(DMA1, PACED) & DMA_TCIF, 200);
    const uint32_t cycles = board_cycles() - start;
    CHECK_WITHIN("eight_requests_take_eight_periods", cycles, 7u * TICK_CYCLES, 8u * TICK_CYCLES + 2u * LOOK);
    CHECK("the_last_word_has_arrived", TIM_ARR(TIM6), 546);
    CHECK("half_was_told_in_between", dma_flags(DMA1, PACED), DMA_HTIF | DMA_TCIF);
    stop();
}

static void circular(void) {
    pace();
    enable_interrupt(DMA1_STREAM1_IRQ);
    interrupts = 0;
    from[0] = from[1] = from[2] = from[3] = RELOAD;
    dma_start(DMA1, PACED, TIM6 + 0x2Cu, from, 4, 0, OUT_BY_TIM6 | DMA_SCR_CIRC | DMA_SCR_HTIE | DMA_SCR_TCIE);
    CYCLES_UNTIL(interrupts >= 6, 300);
    const uint32_t enabled = DMA_SCR(DMA1, PACED) & DMA_SCR_EN;
    stop();
    CHECK("circular_goes_on", enabled, DMA_SCR_EN);
    uint32_t turns = 0;
    for (uint32_t i = 0; i < 6; i += 2) {
        turns += seen[i] == DMA_HTIF && seen[i + 1] == DMA_TCIF;
    }
    CHECK("half_and_whole_take_turns", turns, 3);
}

static void double_buffer(void) {
    pace();
    interrupts = 0;
    second[0] = second[1] = RELOAD;
    dma_start(DMA1, PACED, TIM6 + 0x2Cu, from, 2, 0, 0);
    DMA_SCR(DMA1, PACED) = 0;
    DMA_SM1AR(DMA1, PACED) = (uint32_t)second;
    dma_start(DMA1, PACED, TIM6 + 0x2Cu, from, 2, 0, OUT_BY_TIM6 | DMA_SCR_DBM | DMA_SCR_TCIE);
    CYCLES_UNTIL(interrupts >= 4, 300);
    stop();
    const uint32_t ct[4] = {seen[0] & DMA_SCR_CT, seen[1] & DMA_SCR_CT, seen[2] & DMA_SCR_CT, seen[3] & DMA_SCR_CT};
    CHECK("ct_changes_at_each_end", ct[0] == DMA_SCR_CT && ct[1] == 0 && ct[2] == DMA_SCR_CT && ct[3] == 0, 1);
}

/* Section 8.3, transfer suspension: EN is cleared, the flag TCIF rises, NDTR keeps what was not transferred. */
static void an_end_before_the_end(void) {
    pace();
    disable_interrupt(DMA1_STREAM1_IRQ);
    dma_start(DMA1, PACED, TIM6 + 0x2Cu, from, 4, 0, OUT_BY_TIM6);
    CYCLES_UNTIL(DMA_SNDTR(DMA1, PACED) == 2, 100);
    DMA_SCR(DMA1, PACED) &= ~DMA_SCR_EN;
    CYCLES_UNTIL((DMA_SCR(DMA1, PACED) & DMA_SCR_EN) == 0, 10);
    wait_cycles(3u * TICK_CYCLES);
    CHECK("an_aborted_stream_stops", DMA_SNDTR(DMA1, PACED), 2);
    CHECK("and_tells_its_end", dma_flags(DMA1, PACED) & DMA_TCIF, DMA_TCIF);
    stop();
}

/* TIM1_UP, DMA2 stream 5, channel 6: the port's BSRR at the timer's pace. */
static void pulses(void) {
    for (uint32_t i = 0; i < 8; i += 2) {
        from[i] = 1u << 1;
        from[i + 1] = 1u << 17;
    }
    pin_mode(GPIOI, 1, OUTPUT);
    clock_on(&RCC_APB2ENR, RCC_APB2ENR_TIM1EN);
    TIM_ARR(TIM1) = TICK_CYCLES - 1u;
    TIM_EGR(TIM1) = TIM_EGR_UG;
    dma_start(DMA2, 5, (uint32_t)&GPIO_BSRR(GPIOI), from, 8, 0, OUT | DMA_SCR_CHSEL(6));
    TIM_DIER(TIM1) = TIM_DIER_UDE;
    TIM_CR1(TIM1) = TIM_CR1_CEN;
    const uint32_t cycles = CYCLES_UNTIL(dma_flags(DMA2, 5) & DMA_TCIF, 200);
    TIM_CR1(TIM1) = 0;
    CHECK_WITHIN("dma2_writes_a_port_at_a_timers_pace", cycles, 8u * TICK_CYCLES - LOOK, 8u * TICK_CYCLES + LOOK);
}

int main(void) {
    memory_to_memory();
    packing();
    priorities();
    errors();
    a_peripherals_pace();
    circular();
    double_buffer();
    an_end_before_the_end();
    pulses();
    return check_verdict();
}
