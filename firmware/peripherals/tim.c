/* Timers: update, prescaler and preload, down-counting, one pulse, PWM, repetition, TIM5 as a time base, and one timer that clocks,
   gates or starts another. From outside, PB4 (TIM3) carries PWM of 25 %, PA8 (TIM1) one pulse, PH6 (TIM12) a square wave. */
#include "check.h"
#include "pins.h"
#include "timers.h"

#define APB1_TICK (CORE_HZ / APB1_TIMER_HZ) /* core cycles of a count of TIM2 to TIM7 and TIM12 */
#define PERIOD 1080u /* counts */
#define PERIOD_CYCLES (PERIOD * APB1_TICK)

static volatile uint32_t updates;

void TIM3_IRQHandler(void);

void TIM3_IRQHandler(void) {
    TIM_SR(TIM3) = 0;
    updates++;
    dsb();
}

/* A timer at rest with its registers at reset but for the period, which is loaded. */
static void set_up(uint32_t timer, uint32_t prescaler, uint32_t reload) {
    TIM_CR1(timer) = 0;
    TIM_SMCR(timer) = 0;
    TIM_DIER(timer) = 0;
    TIM_CCER(timer) = 0;
    TIM_PSC(timer) = prescaler;
    TIM_ARR(timer) = reload;
    TIM_EGR(timer) = TIM_EGR_UG;
    TIM_SR(timer) = 0;
}

static uint32_t next_update(uint32_t timer) {
    TIM_SR(timer) = 0;
    CYCLES_UNTIL(TIM_SR(timer) & TIM_SR_UIF, 1000);
    return board_cycles();
}

static uint32_t period(uint32_t timer) {
    const uint32_t first = next_update(timer);
    return next_update(timer) - first;
}

static void updating(void) {
    set_up(TIM3, 0, PERIOD - 1u);
    CHECK("ug_sets_the_counter_to_0", TIM_CNT(TIM3), 0);
    TIM_EGR(TIM3) = TIM_EGR_UG;
    CHECK("ug_sets_uif", TIM_SR(TIM3) & TIM_SR_UIF, TIM_SR_UIF);
    TIM_SR(TIM3) = ~TIM_SR_UIF;
    TIM_CR1(TIM3) = TIM_CR1_URS;
    TIM_EGR(TIM3) = TIM_EGR_UG;
    CHECK("but_not_with_urs", TIM_SR(TIM3) & TIM_SR_UIF, 0);
    TIM_CR1(TIM3) = TIM_CR1_CEN;
    CHECK_WITHIN("a_period_is_arr_plus_1_counts", period(TIM3), PERIOD_CYCLES - LOOK, PERIOD_CYCLES + LOOK);
    TIM_PSC(TIM3) = 9;
    next_update(TIM3);
    CHECK_WITHIN("psc_divides_from_the_next_update_on", period(TIM3), 10u * PERIOD_CYCLES - LOOK, 10u * PERIOD_CYCLES + LOOK);
    TIM_CR1(TIM3) |= TIM_CR1_UDIS;
    TIM_SR(TIM3) = 0;
    wait_cycles(25u * PERIOD_CYCLES);
    CHECK("udis_stops_updates", TIM_SR(TIM3) & TIM_SR_UIF, 0);
    CHECK_WITHIN("but_not_the_count", TIM_CNT(TIM3), 1, PERIOD - 1u);
}

static void preload(void) {
    set_up(TIM3, 0, 9999);
    TIM_CR1(TIM3) = TIM_CR1_CEN | TIM_CR1_ARPE;
    TIM_ARR(TIM3) = PERIOD - 1u;
    const uint32_t start = board_cycles();
    CHECK_WITHIN("arpe_keeps_the_old_period_to_its_end", next_update(TIM3) - start, 10000u * APB1_TICK - LOOK, 10000u * APB1_TICK + LOOK);
    next_update(TIM3);
    CHECK_WITHIN("then_the_new_one_counts", period(TIM3), PERIOD_CYCLES - LOOK, PERIOD_CYCLES + LOOK);
    set_up(TIM3, 0, 9999);
    TIM_CR1(TIM3) = TIM_CR1_CEN;
    TIM_ARR(TIM3) = PERIOD - 1u;
    next_update(TIM3);
    CHECK_WITHIN("without_arpe_it_counts_at_once", period(TIM3), PERIOD_CYCLES - LOOK, PERIOD_CYCLES + LOOK);
}

static void downwards(void) {
    set_up(TIM3, 107, PERIOD - 1u);
    TIM_CR1(TIM3) = TIM_CR1_DIR;
    TIM_EGR(TIM3) = TIM_EGR_UG;
    CHECK("ug_loads_arr_when_counting_down", TIM_CNT(TIM3), PERIOD - 1u);
    TIM_CR1(TIM3) = TIM_CR1_DIR | TIM_CR1_CEN;
    wait_microseconds(10);
    const uint32_t count = TIM_CNT(TIM3);
    CHECK_WITHIN("it_counts_down", PERIOD - 1u - count, 10, 12);
}

static void interrupting(void) {
    set_up(TIM3, 0, PERIOD - 1u);
    updates = 0;
    TIM_DIER(TIM3) = TIM_DIER_UIE;
    enable_interrupt(TIM3_IRQ);
    TIM_CR1(TIM3) = TIM_CR1_CEN;
    wait_cycles(10u * PERIOD_CYCLES + PERIOD_CYCLES / 2u);
    TIM_CR1(TIM3) = 0;
    CHECK("ten_periods_interrupt_ten_times", updates, 10);
    set_up(TIM3, 0, PERIOD - 1u);
    updates = 0;
    TIM_DIER(TIM3) = TIM_DIER_UIE;
    TIM_CR1(TIM3) = TIM_CR1_CEN | TIM_CR1_OPM;
    wait_cycles(3u * PERIOD_CYCLES);
    CHECK("opm_updates_once", updates, 1);
    CHECK("and_clears_cen", TIM_CR1(TIM3) & TIM_CR1_CEN, 0);
    disable_interrupt(TIM3_IRQ);
}

/* 100 periods of 200 kHz, high for a fourth. */
static void pwm(void) {
    set_up(TIM3, 0, 539);
    TIM_CCMR1(TIM3) = TIM_CCMR1_OC1M_PWM1 | TIM_CCMR1_OC1PE;
    TIM_CCR1(TIM3) = 135;
    TIM_EGR(TIM3) = TIM_EGR_UG;
    TIM_CCER(TIM3) = TIM_CCER_CC1E;
    TIM_SR(TIM3) = 0;
    pins_alternate(GPIOB, 1u << 4, 2, NO_PULL, 0);
    TIM_CR1(TIM3) = TIM_CR1_CEN;
    const uint32_t compare = CYCLES_UNTIL(TIM_SR(TIM3) & TIM_SR_CC1IF, 100);
    wait_cycles(100u * 540u * APB1_TICK);
    TIM_CR1(TIM3) = 0;
    pin_mode(GPIOB, 4, INPUT);
    TIM_CCER(TIM3) = 0;
    CHECK_WITHIN("cc1if_rises_as_the_counter_reaches_ccr1", compare, 135u * APB1_TICK - LOOK, 135u * APB1_TICK + LOOK);
}

/* A square wave of 1 kHz by toggling. */
static void toggling(void) {
    clock_on(&RCC_APB1ENR, RCC_APB1ENR_TIM12EN);
    set_up(TIM12, 107, 499);
    TIM_CCMR1(TIM12) = TIM_CCMR1_OC1M_TOGGLE;
    TIM_CCER(TIM12) = TIM_CCER_CC1E;
    pins_alternate(GPIOH, 1u << 6, 9, NO_PULL, 0);
    TIM_CR1(TIM12) = TIM_CR1_CEN;
    wait_microseconds(5100);
    TIM_CR1(TIM12) = 0;
    pin_mode(GPIOH, 6, INPUT);
}

/* One pulse of 3 us after a delay of 2 us; TIM1 counts 216 MHz. Section 22.3.16. */
static void one_pulse(void) {
    clock_on(&RCC_APB2ENR, RCC_APB2ENR_TIM1EN);
    set_up(TIM1, 0, 5u * CYCLES_PER_MICROSECOND - 1u);
    TIM_CCMR1(TIM1) = TIM_CCMR1_OC1M_PWM2;
    TIM_CCR1(TIM1) = 2u * CYCLES_PER_MICROSECOND;
    TIM_CCER(TIM1) = TIM_CCER_CC1E;
    TIM_BDTR(TIM1) = TIM_BDTR_MOE;
    pins_alternate(GPIOA, 1u << 8, 1, PULL_DOWN, 0);
    TIM_CR1(TIM1) = TIM_CR1_OPM | TIM_CR1_CEN;
    const uint32_t whole = CYCLES_UNTIL((TIM_CR1(TIM1) & TIM_CR1_CEN) == 0, 100);
    pin_mode(GPIOA, 8, INPUT);
    CHECK_WITHIN("a_pulse_ends_the_count", whole, 5u * CYCLES_PER_MICROSECOND - LOOK, 5u * CYCLES_PER_MICROSECOND + LOOK);
}

static void repetition(void) {
    set_up(TIM1, 0, PERIOD - 1u);
    TIM_RCR(TIM1) = 3;
    TIM_EGR(TIM1) = TIM_EGR_UG;
    TIM_CR1(TIM1) = TIM_CR1_CEN;
    CHECK_WITHIN("rcr_of_3_updates_each_fourth_period", period(TIM1), 4u * PERIOD - LOOK, 4u * PERIOD + LOOK);
    TIM_CR1(TIM1) = 0;
    TIM_RCR(TIM1) = 0;
}

static void time_base(void) {
    clock_on(&RCC_APB1ENR, RCC_APB1ENR_TIM5EN);
    set_up(TIM5, APB1_TIMER_HZ / 1000000u - 1u, 0xFFFFFFFFu);
    TIM_CNT(TIM5) = 0xFFFFFF9Cu;
    TIM_CR1(TIM5) = TIM_CR1_CEN;
    const uint32_t before = TIM_CNT(TIM5);
    wait_microseconds(1000);
    CHECK_WITHIN("tim5_counts_microseconds_over_32_bits", TIM_CNT(TIM5) - before, 999, 1002);
    CHECK("and_has_wrapped", TIM_SR(TIM5) & TIM_SR_UIF, TIM_SR_UIF);
}

/* Section 23.4.3, internal trigger connection: ITR2 of TIM2 and of TIM4 is TIM3. */
static void chained(void) {
    clock_on(&RCC_APB1ENR, RCC_APB1ENR_TIM2EN | RCC_APB1ENR_TIM4EN);
    set_up(TIM3, 0, PERIOD - 1u);
    TIM_CR2(TIM3) = TIM_CR2_MMS_UPDATE;
    set_up(TIM2, 0, 0xFFFFFFFFu);
    TIM_SMCR(TIM2) = TIM_SMCR_TS(2) | TIM_SMCR_SMS_CLOCK;
    TIM_CR1(TIM2) = TIM_CR1_CEN;
    TIM_CR1(TIM3) = TIM_CR1_CEN;
    wait_cycles(20u * PERIOD_CYCLES + PERIOD_CYCLES / 2u);
    TIM_CR1(TIM3) = 0;
    CHECK("a_timer_counts_anothers_updates", TIM_CNT(TIM2), 20);

    set_up(TIM4, 0, 0xFFFF);
    set_up(TIM3, 0, 0xFFFF);
    TIM_CR2(TIM3) = TIM_CR2_MMS_ENABLE;
    TIM_SMCR(TIM4) = TIM_SMCR_TS(2) | TIM_SMCR_SMS_TRIGGER;
    wait_cycles(200);
    const uint32_t before = TIM_CNT(TIM4);
    TIM_CR1(TIM3) = TIM_CR1_CEN;
    wait_cycles(2000);
    TIM_CR1(TIM3) = 0;
    const uint32_t started = TIM_CR1(TIM4) & TIM_CR1_CEN;
    CHECK("a_slave_waits_for_its_trigger", before, 0);
    CHECK("which_sets_its_cen", started, TIM_CR1_CEN);
    CHECK("and_tif", TIM_SR(TIM4) & TIM_SR_TIF, TIM_SR_TIF);

    set_up(TIM4, 0, 0xFFFF);
    set_up(TIM3, 0, 0xFFFF);
    TIM_SMCR(TIM4) = TIM_SMCR_TS(2) | TIM_SMCR_SMS_GATED;
    TIM_CR1(TIM4) = TIM_CR1_CEN;
    wait_cycles(2000);
    TIM_CR1(TIM3) = TIM_CR1_CEN;
    wait_cycles(2000);
    TIM_CR1(TIM3) = 0;
    const uint32_t counted = TIM_CNT(TIM3);
    wait_cycles(2000);
    CHECK_WITHIN("a_gated_slave_counts_while_its_master_does", TIM_CNT(TIM4), counted - 4u, counted + 4u);
    TIM_CR1(TIM4) = 0;
}

int main(void) {
    clock_on(&RCC_APB1ENR, RCC_APB1ENR_TIM3EN);
    updating();
    preload();
    downwards();
    interrupting();
    pwm();
    toggling();
    one_pulse();
    repetition();
    time_base();
    chained();
    return check_verdict();
}
