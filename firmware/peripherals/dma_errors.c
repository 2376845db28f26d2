/* DMA2 where a stream does not get a port in time (RM0385 section 8.3, error management): two copies of the highest priority have the
   memory's port, or the peripherals', while TIM1 or ADC1 go on asking. FIFO overrun and underrun, direct mode error, ADC1's own overrun. */
#include "check.h"
#include "converters.h"
#include "dma.h"
#include "timers.h"

#define STREAM 5u /* TIM1_UP, on channel 6 */
#define ADC_STREAM 4u /* ADC1, on channel 0 */
#define PERIOD 200u
#define DATA 8u
#define VREFINT 17u
#define STEPLESS (DMA_SCR_DIR_M2M | DMA_SCR_PL(3))
#define FULL (DMA_SFCR_DMDIS | DMA_SFCR_FTH(3))
/* A word from the peripherals' port is four bytes for the memory's, and the other way round. */
#define MEMORY_PORT (STEPLESS | DMA_SCR_PSIZE(2) | DMA_SCR_MSIZE(0))
#define PERIPHERAL_PORT (STEPLESS | DMA_SCR_PSIZE(0) | DMA_SCR_MSIZE(2))
#define UPDATES (DMA_SCR_CHSEL(6) | DMA_SCR_PSIZE(2) | DMA_SCR_MSIZE(2))

__attribute__((section(".dtcm_bss"), aligned(16))) static uint32_t from[4], to[4], data[DATA];
static volatile uint32_t interrupts, seen;
static const unsigned COPIES[2] = {0, 7};

void DMA2_Stream5_IRQHandler(void);

void DMA2_Stream5_IRQHandler(void) {
    interrupts++;
    seen |= dma_flags(DMA2, STREAM);
    dma_clear(DMA2, STREAM);
    dsb();
}

static void seize(uint32_t port) {
    for (unsigned i = 0; i < 2; i++) {
        dma_start(DMA2, COPIES[i], (uint32_t)from, to, 0xFFFF, FULL, port);
    }
}

static void leave(void) {
    for (unsigned i = 0; i < 2; i++) {
        DMA_SCR(DMA2, COPIES[i]) = 0;
        CYCLES_UNTIL((DMA_SCR(DMA2, COPIES[i]) & DMA_SCR_EN) == 0, 10);
    }
}

static void pace(uint32_t on) {
    TIM_CR1(TIM1) = 0;
    TIM_DIER(TIM1) = 0;
    TIM_ARR(TIM1) = PERIOD - 1u;
    TIM_EGR(TIM1) = TIM_EGR_UG;
    TIM_SR(TIM1) = 0;
    TIM_DIER(TIM1) = on ? TIM_DIER_UDE : 0;
    TIM_CR1(TIM1) = on ? TIM_CR1_CEN : 0;
}

static void updates(uint32_t control, uint32_t fifo) {
    pace(0);
    interrupts = seen = 0;
    dma_start(DMA2, STREAM, TIM1 + 0x24u, data, DATA, fifo, UPDATES | control);
    pace(1);
}

static void wait_periods(uint32_t periods) { wait_cycles(periods * PERIOD); }

static struct { uint32_t flags, interrupts, enabled, left; } found;

/* What the stream shows while the copies have their port; printing would take longer than they do. */
static void look_and_leave(void) {
    found.flags = seen | dma_flags(DMA2, STREAM);
    found.interrupts = interrupts;
    found.enabled = DMA_SCR(DMA2, STREAM) & DMA_SCR_EN;
    found.left = DMA_SNDTR(DMA2, STREAM);
    disable_interrupt(DMA2_STREAM5_IRQ);
    leave();
}

static void overrun(void) {
    updates(DMA_SCR_MINC, 0);
    wait_periods(DATA + 2u);
    CHECK("alone_it_has_no_error", dma_flags(DMA2, STREAM), DMA_HTIF | DMA_TCIF);

    seize(MEMORY_PORT);
    enable_interrupt(DMA2_STREAM5_IRQ);
    updates(DMA_SCR_MINC, DMA_SFCR_FEIE);
    wait_periods(DATA + 2u);
    look_and_leave();
    wait_periods(DATA);
    CHECK("a_full_fifo_is_feif", found.flags, DMA_FEIF);
    CHECK("feif_interrupts_by_feie", found.interrupts > 0, 1);
    CHECK("feif_leaves_the_stream_enabled", found.enabled, DMA_SCR_EN);
    CHECK("four_words_wait", found.left, DATA - 4u);
    CHECK("and_nothing_is_lost", dma_flags(DMA2, STREAM) & (DMA_HTIF | DMA_TCIF), DMA_HTIF | DMA_TCIF);
    CHECK("ndtr_is_0_in_the_end", DMA_SNDTR(DMA2, STREAM), 0);
}

static void direct_mode(void) {
    seize(MEMORY_PORT);
    enable_interrupt(DMA2_STREAM5_IRQ);
    updates(DMA_SCR_DMEIE, 0);
    wait_periods(3);
    look_and_leave();
    CHECK("two_data_for_one_address_are_dmeif", found.flags, DMA_DMEIF);
    CHECK("dmeif_interrupts_by_dmeie", found.interrupts > 0, 1);
    CHECK("dmeif_leaves_it_enabled", found.enabled, DMA_SCR_EN);
    updates(0, 0);
    wait_periods(DATA + 2u);
    CHECK("alone_one_address_has_no_error", dma_flags(DMA2, STREAM), DMA_HTIF | DMA_TCIF);
}

static void underrun(void) {
    pace(0);
    seize(MEMORY_PORT);
    dma_start(DMA2, STREAM, TIM1 + 0x34u, data, DATA, 0, UPDATES | DMA_SCR_DIR_M2P | DMA_SCR_MINC);
    wait_periods(1);
    const uint32_t before = dma_flags(DMA2, STREAM);
    pace(1);
    wait_periods(4);
    seen = 0;
    look_and_leave();
    wait_periods(DATA + 2u);
    pace(0);
    CHECK("no_request_no_underrun", before, 0);
    CHECK("a_request_without_a_datum_is_feif", found.flags, DMA_FEIF);
    CHECK("underrun_leaves_it_enabled", found.enabled, DMA_SCR_EN);
    CHECK("underrun_loses_nothing", DMA_SNDTR(DMA2, STREAM), 0);
}

/* RM0385 section 15, DMA and overrun detection: no more requests and conversions behind an overrun. */
static void a_peripherals_own(void) {
    clock_on(&RCC_APB2ENR, RCC_APB2ENR_ADC1EN);
    ADC_CCR = ADC_CCR_ADCPRE_DIV4 | ADC_CCR_TSVREFE;
    ADC_CR2(ADC1) = ADC_CR2_ADON;
    ADC_SQR1(ADC1) = ADC_SQR1_L(1);
    ADC_SQR3(ADC1) = VREFINT;
    wait_microseconds(10);
    seize(PERIPHERAL_PORT);
    dma_start(DMA2, ADC_STREAM, ADC1 + 0x4Cu, data, 16, 0, DMA_SCR_MINC | DMA_SCR_PSIZE(1) | DMA_SCR_MSIZE(1));
    ADC_CR2(ADC1) = ADC_CR2_ADON | ADC_CR2_CONT | ADC_CR2_DMA;
    ADC_CR2(ADC1) |= ADC_CR2_SWSTART;
    wait_microseconds(3);
    const uint32_t status = ADC_SR(ADC1), flags = dma_flags(DMA2, ADC_STREAM), left = DMA_SNDTR(DMA2, ADC_STREAM);
    leave();
    ADC_CR2(ADC1) = 0;
    CHECK("an_adc_that_is_not_served_overruns", status & ADC_SR_OVR, ADC_SR_OVR);
    CHECK("its_stream_has_no_error", flags, 0);
    CHECK("and_has_moved_nothing", left, 16);
}

int main(void) {
    clock_on(&RCC_APB2ENR, RCC_APB2ENR_TIM1EN);
    overrun();
    direct_mode();
    underrun();
    a_peripherals_own();
    return check_verdict();
}
