/* DAC: alignments of its holding registers, both channels at once, software triggers, noise, triangle, a timer's trigger with DMA. */
#include <string.h>

#include "converters.h"
#include "check.h"
#include "dma.h"
#include "timers.h"

#define APB1_CYCLES (CORE_HZ / APB1_HZ)
#define SOFTWARE_1 (DAC_CR_EN1 | DAC_CR_TEN1 | DAC_CR_TSEL1_SOFTWARE)
#define TICK_CYCLES 2160u

/* Section 16.3.4: DOR follows DHR after one APB1 clock, or three behind a trigger. */
static uint32_t settled(volatile uint32_t *dor) {
    wait_cycles(4u * APB1_CYCLES);
    return *dor;
}

static uint32_t triggered(void) {
    DAC_SWTRIGR = 1;
    return settled(&DAC_DOR1);
}

static void alignments(void) {
    DAC_CR = DAC_CR_EN1 | DAC_CR_EN2;
    DAC_DHR12R1 = 0xABC;
    CHECK("twelve_bits_on_the_right", settled(&DAC_DOR1), 0xABC);
    DAC_DHR12L1 = 0x1230;
    CHECK("on_the_left", settled(&DAC_DOR1), 0x123);
    DAC_DHR8R1 = 0x45;
    CHECK("eight_bits", settled(&DAC_DOR1), 0x450);
    DAC_DHR12R2 = 0x678;
    CHECK("the_other_channel", settled(&DAC_DOR2), 0x678);
    CHECK("leaves_this_one", DAC_DOR1, 0x450);
    DAC_DHR12RD = 0x01110222;
    CHECK("both_at_once", settled(&DAC_DOR1) << 16 | DAC_DOR2, 0x02220111);
    DAC_DHR8RD = 0x3344;
    CHECK("both_of_eight_bits", settled(&DAC_DOR1) << 16 | DAC_DOR2, 0x04400330);
}

static void triggers(void) {
    DAC_CR = 0;
    DAC_CR = SOFTWARE_1 | DAC_CR_EN2 | DAC_CR_TEN2 | DAC_CR_TSEL2_SOFTWARE;
    DAC_DHR12R1 = 0x111;
    DAC_DHR12R2 = 0x222;
    const uint32_t before = settled(&DAC_DOR1);
    CHECK("with_ten_dor_waits_for_the_trigger", before == 0x111, 0);
    CHECK("a_software_trigger_loads_it", triggered(), 0x111);
    CHECK("and_not_the_other_channels", DAC_DOR2 == 0x222, 0);
    CHECK("swtrig_falls_by_itself", DAC_SWTRIGR, 0);
    DAC_SWTRIGR = 2;
    CHECK("whose_trigger_is_its_own", settled(&DAC_DOR2), 0x222);
}

/* Section 16.3.8: a linear feedback shift register of 12 bits that starts as 0xAAA and never repeats before 4,095 triggers. */
static void noise(void) {
    static uint8_t found[4096];
    memset(found, 0, sizeof found);
    DAC_CR = 0;
    DAC_CR = SOFTWARE_1 | DAC_CR_WAVE1_NOISE | DAC_CR_MAMP1(11);
    DAC_DHR12R1 = 0;
    const uint32_t first = triggered();
    uint32_t distinct = 0, value = first;
    for (int i = 0; i < 4095; i++) {
        distinct += !found[value];
        found[value] = 1;
        DAC_SWTRIGR = 1;
        (void)DAC_SWTRIGR;
        (void)DAC_SWTRIGR;
        value = DAC_DOR1;
    }
    CHECK("noise_begins_with_0xaaa", first, 0xAAA);
    CHECK("it_has_4095_values", distinct, 4095);
    CHECK("then_the_first_comes_again", value, first);
    DAC_CR = 0;
    DAC_CR = SOFTWARE_1 | DAC_CR_WAVE1_NOISE | DAC_CR_MAMP1(1);
    DAC_DHR12R1 = 0x100;
    uint32_t least = 0xFFF, most = 0;
    for (int i = 0; i < 64; i++) {
        value = triggered();
        least = value < least ? value : least;
        most = value > most ? value : most;
    }
    CHECK_WITHIN("mamp_lets_two_bits_through", most, 0x101, 0x103);
    CHECK_WITHIN("on_top_of_dhr", least, 0x100, 0x102);
}

/* Section 16.3.9: up to the amplitude, down to 0, by one a trigger. */
static void triangle(void) {
    DAC_CR = 0;
    DAC_CR = SOFTWARE_1 | DAC_CR_WAVE1_TRIANGLE | DAC_CR_MAMP1(2);
    DAC_DHR12R1 = 0x200;
    uint32_t steps = 0, top = 0, value = triggered();
    for (int i = 0; i < 28; i++) {
        const uint32_t next = triggered();
        steps += next - value == 1u || value - next == 1u;
        top += next == 0x207;
        value = next;
    }
    CHECK("a_triangle_goes_by_one", steps, 28);
    CHECK("twice_to_its_amplitude_in_28", top, 2);
    DAC_CR = 0;
}

static void pace(void) {
    clock_on(&RCC_APB1ENR, RCC_APB1ENR_TIM6EN);
    TIM_ARR(TIM6) = TICK_CYCLES / (CORE_HZ / APB1_TIMER_HZ) - 1u;
    TIM_EGR(TIM6) = TIM_EGR_UG;
    TIM_CR2(TIM6) = TIM_CR2_MMS_UPDATE;
    TIM_CR1(TIM6) = TIM_CR1_CEN;
}

/* DAC1: DMA1 stream 5, channel 7. */
static void timer_and_dma(void) {
    __attribute__((section(".dtcm_bss"))) static uint16_t codes[8];
    for (uint32_t i = 0; i < 8; i++) {
        codes[i] = (uint16_t)(0x100u * (i + 1u));
    }
    DAC_CR = 0;
    DAC_DHR12R1 = 0x080;
    DAC_CR = DAC_CR_EN1 | DAC_CR_TEN1 | DAC_CR_TSEL1_TIM6;
    pace();
    wait_cycles(2u * TICK_CYCLES);
    CHECK("tim6_triggers_it", settled(&DAC_DOR1), 0x080);
    TIM_CR1(TIM6) = 0;
    dma_start(
        DMA1, 5, 0x40007408u, codes, 8, 0, DMA_SCR_CHSEL(7) | DMA_SCR_DIR_M2P | DMA_SCR_MINC | DMA_SCR_PSIZE(1) | DMA_SCR_MSIZE(1)
    );
    DAC_CR |= DAC_CR_DMAEN1;
    const uint32_t start = board_cycles();
    TIM_CR1(TIM6) = TIM_CR1_CEN;
    CYCLES_UNTIL(dma_flags(DMA1, 5) & DMA_TCIF, 200);
    const uint32_t cycles = board_cycles() - start;
    wait_cycles(TICK_CYCLES + 100u);
    CHECK_WITHIN("each_trigger_asks_dma_for_the_next", cycles, 7u * TICK_CYCLES, 9u * TICK_CYCLES + LOOK);
    CHECK("the_last_code_is_shown", DAC_DOR1, 0x800);
    wait_cycles(2u * TICK_CYCLES);
    TIM_CR1(TIM6) = 0;
    CHECK("a_trigger_without_data_is_an_underrun", DAC_SR & DAC_SR_DMAUDR1, DAC_SR_DMAUDR1);
}

int main(void) {
    clock_on(&RCC_APB1ENR, RCC_APB1ENR_DACEN);
    alignments();
    triggers();
    noise();
    triangle();
    timer_and_dma();
    return check_verdict();
}
