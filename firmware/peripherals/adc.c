/* ADC1 on its inner channels (17 VREFINT, 18 temperature) and on PA4, which DAC channel 1 drives: conversion times, resolution, alignment,
   a scanned sequence with and without DMA, continuous conversion, a timer's trigger, overrun, the analog watchdog, injected conversions. */
#include "converters.h"
#include "check.h"
#include "dma.h"
#include "pins.h"
#include "timers.h"

#define VREFINT 17u
#define TEMPERATURE 18u
#define DAC_OUT1 4u
/* ADCCLK is APB2's 108 MHz by 4. */
#define ADC_CYCLES (4u * (CORE_HZ / APB2_HZ))
#define SAMPLE_15 1u
#define SAMPLE_56 3u
#define SAMPLE_480 7u
/* DS10916, internal reference voltage and temperature sensor: 1.18 to 1.24 V; 0.76 V at 25 degrees and 2.5 mV a degree, from -40 to 125; VDDA is 3.3 V. */
#define CODE(millivolts) ((millivolts) * 4095u / 3300u)

static volatile uint32_t interrupts, seen;

void ADC_IRQHandler(void);

void ADC_IRQHandler(void) {
    interrupts++;
    seen |= ADC_SR(ADC1);
    ADC_SR(ADC1) = 0;
    ADC_CR1(ADC1) &= ~(ADC_CR1_OVRIE | ADC_CR1_AWDIE | ADC_CR1_EOCIE);
    dsb();
}

static void sample_times(uint32_t time) {
    uint32_t all = 0;
    for (unsigned i = 0; i < 10; i++) {
        all |= FIELD(time, 3u * i);
    }
    ADC_SMPR1(ADC1) = all & 0x07FFFFFFu;
    ADC_SMPR2(ADC1) = all;
}

static void set_up(uint32_t channels, uint32_t count, uint32_t sample, uint32_t cr1, uint32_t cr2) {
    ADC_CR2(ADC1) = 0;
    ADC_SR(ADC1) = 0;
    ADC_SQR1(ADC1) = ADC_SQR1_L(count);
    ADC_SQR3(ADC1) = channels;
    sample_times(sample);
    ADC_CR1(ADC1) = cr1;
    ADC_CR2(ADC1) = cr2 | ADC_CR2_ADON;
    wait_microseconds(10); /* tSTAB, and TSVREFE's 10 us */
}

static uint32_t converted(void) {
    ADC_CR2(ADC1) |= ADC_CR2_SWSTART;
    return CYCLES_UNTIL(ADC_SR(ADC1) & ADC_SR_EOC, 200);
}

static void single(void) {
    ADC_CR2(ADC1) = ADC_CR2_SWSTART;
    wait_microseconds(20);
    CHECK("without_adon_nothing_starts", ADC_SR(ADC1), 0);
    set_up(VREFINT, 1, SAMPLE_480, 0, 0);
    const uint32_t slow = converted();
    CHECK_WITHIN("480_and_12_periods", slow, 492u * ADC_CYCLES - 2u * ADC_CYCLES, 494u * ADC_CYCLES + LOOK);
    CHECK("strt_and_eoc_are_set", ADC_SR(ADC1), ADC_SR_STRT | ADC_SR_EOC);
    const uint32_t reference = ADC_DR(ADC1);
    CHECK_WITHIN("vrefint_is_1180_to_1240_mv", reference, CODE(1180), CODE(1240));
    CHECK("reading_dr_clears_eoc", ADC_SR(ADC1) & ADC_SR_EOC, 0);
    ADC_SR(ADC1) = 0;
    CHECK("strt_is_cleared_by_a_zero", ADC_SR(ADC1), 0);
    set_up(VREFINT, 1, SAMPLE_56, ADC_CR1_RES_6, 0);
    CHECK_WITHIN("56_and_6_periods_at_six_bits", converted(), 62u * ADC_CYCLES - 2u * ADC_CYCLES, 64u * ADC_CYCLES + LOOK);
    CHECK("six_bits_are_the_upper_ones", ADC_DR(ADC1), reference >> 6);
    set_up(VREFINT, 1, SAMPLE_480, 0, ADC_CR2_ALIGN);
    converted();
    CHECK("align_shifts_to_the_left", ADC_DR(ADC1), reference << 4);
    set_up(TEMPERATURE, 1, SAMPLE_480, 0, 0);
    converted();
    CHECK_WITHIN("the_temperature_is_one_that_the_chip_stands", ADC_DR(ADC1), CODE(597), CODE(1010));
}

static void pin(void) {
    clock_on(&RCC_APB1ENR, RCC_APB1ENR_DACEN);
    pin_mode(GPIOA, 4, ANALOG);
    DAC_CR = DAC_CR_EN1;
    uint32_t codes[2];
    for (uint32_t i = 0; i < 2; i++) {
        DAC_DHR12R1 = 1000u + 2000u * i;
        wait_microseconds(10);
        set_up(DAC_OUT1, 1, SAMPLE_56, 0, 0);
        converted();
        codes[i] = ADC_DR(ADC1);
    }
    DAC_CR = 0;
    CHECK_WITHIN("pa4_reads_what_the_dac_drives", codes[0], 990, 1010);
    CHECK_WITHIN("and_follows_it", codes[1], 2990, 3010);
}

#define SEQUENCE (VREFINT | TEMPERATURE << 5 | VREFINT << 10)

static void scan(void) {
    uint32_t codes[3], ends = 0;
    set_up(SEQUENCE, 3, SAMPLE_56, ADC_CR1_SCAN, ADC_CR2_EOCS);
    ADC_CR2(ADC1) |= ADC_CR2_SWSTART;
    for (uint32_t i = 0; i < 3; i++) {
        ends += CYCLES_UNTIL(ADC_SR(ADC1) & ADC_SR_EOC, 50) != NEVER;
        codes[i] = ADC_DR(ADC1);
    }
    CHECK("eocs_tells_each_conversion", ends, 3);
    CHECK("the_sequence_has_its_order", codes[0] == codes[2] && codes[1] < codes[0], 1);
    set_up(SEQUENCE, 3, SAMPLE_56, ADC_CR1_SCAN, 0);
    const uint32_t whole = converted();
    CHECK_WITHIN("without_it_eoc_ends_the_sequence", whole, 3u * 68u * ADC_CYCLES - 2u * ADC_CYCLES, 3u * 70u * ADC_CYCLES + LOOK);
}

/* ADC1: DMA2 stream 0, channel 0. */
static void by_dma(void) {
    __attribute__((section(".dtcm_bss"))) static uint16_t codes[12];
    set_up(SEQUENCE, 3, SAMPLE_15, ADC_CR1_SCAN, ADC_CR2_CONT | ADC_CR2_DMA);
    dma_start(DMA2, 0, ADC1 + 0x4Cu, codes, 12, 0, DMA_SCR_MINC | DMA_SCR_PSIZE(1) | DMA_SCR_MSIZE(1));
    const uint32_t start = board_cycles();
    ADC_CR2(ADC1) |= ADC_CR2_SWSTART;
    CYCLES_UNTIL(dma_flags(DMA2, 0) & DMA_TCIF, 200);
    const uint32_t cycles = board_cycles() - start;
    CHECK_WITHIN("twelve_conversions_in_a_row", cycles, 12u * 27u * ADC_CYCLES - 2u * ADC_CYCLES, 12u * 29u * ADC_CYCLES + LOOK);
    uint32_t right = 0;
    for (uint32_t i = 0; i < 12; i++) {
        right += codes[i] == codes[i % 3];
    }
    CHECK("dma_stores_them_in_order", right, 12);
    CHECK("the_pattern_is_the_sequence", codes[0] == codes[2] && codes[1] < codes[0], 1);
    ADC_CR2(ADC1) = 0;
}

#define TICK_CYCLES 2160u

/* TIM6's TRGO at each update starts one conversion. */
static void triggered(void) {
    __attribute__((section(".dtcm_bss"))) static uint16_t codes[8];
    set_up(VREFINT, 1, SAMPLE_15, 0, ADC_CR2_DMA | ADC_CR2_DDS | ADC_CR2_EXTSEL_TIM6_TRGO | ADC_CR2_EXTEN_RISING);
    dma_start(DMA2, 0, ADC1 + 0x4Cu, codes, 8, 0, DMA_SCR_MINC | DMA_SCR_PSIZE(1) | DMA_SCR_MSIZE(1));
    clock_on(&RCC_APB1ENR, RCC_APB1ENR_TIM6EN);
    TIM_ARR(TIM6) = TICK_CYCLES / (CORE_HZ / APB1_TIMER_HZ) - 1u;
    TIM_CR2(TIM6) = TIM_CR2_MMS_UPDATE;
    const uint32_t start = board_cycles();
    TIM_CR1(TIM6) = TIM_CR1_CEN;
    CYCLES_UNTIL(dma_flags(DMA2, 0) & DMA_TCIF, 200);
    const uint32_t cycles = board_cycles() - start;
    TIM_CR1(TIM6) = 0;
    ADC_CR2(ADC1) = 0;
    CHECK_WITHIN("a_timer_starts_each_of_eight_conversions", cycles, 8u * TICK_CYCLES, 8u * TICK_CYCLES + 30u * ADC_CYCLES + LOOK);
    CHECK_WITHIN("whose_codes_are_vrefints", codes[7], CODE(1180), CODE(1240));
}

static void overrun(void) {
    enable_interrupt(ADC_IRQ);
    interrupts = seen = 0;
    set_up(VREFINT, 1, SAMPLE_15, ADC_CR1_OVRIE, ADC_CR2_CONT | ADC_CR2_EOCS);
    ADC_CR2(ADC1) |= ADC_CR2_SWSTART;
    wait_microseconds(20);
    ADC_CR2(ADC1) = 0;
    CHECK("an_unread_result_is_an_overrun", seen & ADC_SR_OVR, ADC_SR_OVR);
    CHECK("which_interrupts_once", interrupts, 1);
}

static void watchdog(void) {
    interrupts = seen = 0;
    ADC_HTR(ADC1) = CODE(1300);
    ADC_LTR(ADC1) = CODE(1100);
    set_up(VREFINT, 1, SAMPLE_15, ADC_CR1_AWDEN | ADC_CR1_AWDIE, 0);
    converted();
    CHECK("between_its_thresholds_the_watchdog_is_quiet", seen & ADC_SR_AWD, 0);
    ADC_HTR(ADC1) = CODE(1000);
    ADC_LTR(ADC1) = 0;
    ADC_CR2(ADC1) |= ADC_CR2_SWSTART;
    wait_microseconds(10);
    CHECK("above_them_it_interrupts", seen & ADC_SR_AWD, ADC_SR_AWD);
    disable_interrupt(ADC_IRQ);
    ADC_HTR(ADC1) = 0xFFF;
}

static void injected(void) {
    set_up(VREFINT, 1, SAMPLE_56, 0, 0);
    converted();
    const uint32_t regular = ADC_DR(ADC1);
    ADC_SR(ADC1) = 0;
    ADC_JSQR(ADC1) = ADC_JSQR_JSQ4(VREFINT);
    ADC_JOFR1(ADC1) = 100;
    ADC_CR2(ADC1) |= ADC_CR2_JSWSTART;
    const uint32_t cycles = CYCLES_UNTIL(ADC_SR(ADC1) & ADC_SR_JEOC, 100);
    CHECK_WITHIN("an_injected_conversion_takes_as_long", cycles, 66u * ADC_CYCLES, 70u * ADC_CYCLES + LOOK);
    CHECK("jstrt_and_jeoc_are_set", ADC_SR(ADC1) & (ADC_SR_JSTRT | ADC_SR_JEOC), ADC_SR_JSTRT | ADC_SR_JEOC);
    CHECK("jofr_is_taken_off", ADC_JDR1(ADC1), regular - 100u);
}

int main(void) {
    clock_on(&RCC_APB2ENR, RCC_APB2ENR_ADC1EN);
    ADC_CCR = ADC_CCR_ADCPRE_DIV4 | ADC_CCR_TSVREFE;
    single();
    pin();
    scan();
    by_dma();
    triggered();
    overrun();
    watchdog();
    injected();
    return check_verdict();
}
