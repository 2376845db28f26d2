/* Timers that hear a pin: TIM3 at D3 (PB4) makes PWM, TIM5 and TIM2 at A0 (PA0) capture, count and follow it over a wire from D3 to A0.
   TIM5 and TIM3 both count 108 MHz. */
#include "check.h"
#include "pins.h"
#include "timers.h"

#define PERIOD 1080u /* counts: 10 us */
#define HIGH 270u
#define COUNTS_PER_US (APB1_TIMER_HZ / 1000000u)

static void set_up(uint32_t timer, uint32_t reload) {
    TIM_CR1(timer) = 0;
    TIM_CR2(timer) = 0;
    TIM_SMCR(timer) = 0;
    TIM_DIER(timer) = 0;
    TIM_CCER(timer) = 0;
    TIM_CCMR1(timer) = 0;
    TIM_PSC(timer) = 0;
    TIM_ARR(timer) = reload;
    TIM_EGR(timer) = TIM_EGR_UG;
    TIM_SR(timer) = 0;
}

static void pwm(void) {
    set_up(TIM3, PERIOD - 1u);
    TIM_CCMR1(TIM3) = TIM_CCMR1_OC1M_PWM1;
    TIM_CCR1(TIM3) = HIGH;
    TIM_CCER(TIM3) = TIM_CCER_CC1E;
    pins_alternate(GPIOB, 1u << 4, 2, NO_PULL, 0);
    TIM_CR1(TIM3) = TIM_CR1_CEN;
}

static int wired(void) {
    pin_mode(GPIOA, 0, INPUT);
    pin_pull(GPIOA, 0, PULL_DOWN);
    pin_mode(GPIOB, 4, OUTPUT);
    pin_write(GPIOB, 4, 1);
    wait_microseconds(1);
    const int high = pin_read(GPIOA, 0) == 1u;
    pin_write(GPIOB, 4, 0);
    wait_microseconds(1);
    return high && pin_read(GPIOA, 0) == 0u;
}

static uint32_t next_capture(uint32_t timer) {
    return CYCLES_UNTIL(TIM_SR(timer) & TIM_SR_CC1IF, 1000) == NEVER ? NEVER : TIM_CCR1(timer);
}

/* Section 23.3.5. */
static void edges(void) {
    pins_alternate(GPIOA, 1u << 0, 2, PULL_DOWN, 0);
    set_up(TIM5, 0xFFFFFFFFu);
    TIM_CCMR1(TIM5) = TIM_CCMR1_CC1S_TI1;
    TIM_CCER(TIM5) = TIM_CCER_CC1E;
    TIM_CR1(TIM5) = TIM_CR1_CEN;
    const uint32_t first = next_capture(TIM5), second = next_capture(TIM5);
    const uint32_t taken = TIM_SR(TIM5);
    CHECK("two_captures_are_a_period_apart", (second - first) % PERIOD, 0);
    CHECK("a_read_takes_the_flag", taken & TIM_SR_CC1IF, 0);
    wait_microseconds(50);
    CHECK("captures_that_nobody_took_set_cc1of", TIM_SR(TIM5) & TIM_SR_CC1OF, TIM_SR_CC1OF);
    TIM_CCER(TIM5) = TIM_CCER_CC1E | TIM_CCER_CC1P | TIM_CCER_CC1NP;
    TIM_SR(TIM5) = 0;
    const uint32_t one = next_capture(TIM5), other = next_capture(TIM5);
    const uint32_t between = (other - one) % PERIOD;
    CHECK("both_edges_are_captured", between == HIGH || between == PERIOD - HIGH || between == 0, 1);
    TIM_CCER(TIM5) = 0;
    TIM_CCMR1(TIM5) = TIM_CCMR1_CC1S_TI1 | TIM_CCMR1_IC1PSC(3);
    TIM_CCER(TIM5) = TIM_CCER_CC1E;
    TIM_SR(TIM5) = 0;
    const uint32_t eighth = next_capture(TIM5), sixteenth = next_capture(TIM5);
    CHECK("ic1psc_captures_each_eighth", sixteenth - eighth, 8u * PERIOD);
}

/* Section 23.3.6: the capture comes before the reset, so that it counts one less than the period. */
static void pwm_input(void) {
    set_up(TIM5, 0xFFFFFFFFu);
    TIM_CCMR1(TIM5) = TIM_CCMR1_CC1S_TI1 | TIM_CCMR1_CC2S_TI1;
    TIM_CCER(TIM5) = TIM_CCER_CC1E | TIM_CCER_CC2E | TIM_CCER_CC2P;
    TIM_SMCR(TIM5) = TIM_SMCR_TS(5) | TIM_SMCR_SMS_RESET;
    TIM_CR1(TIM5) = TIM_CR1_CEN;
    wait_microseconds(45);
    CHECK_WITHIN("ccr1_is_the_period", TIM_CCR1(TIM5), PERIOD - 2u, PERIOD);
    CHECK_WITHIN("ccr2_is_the_time_high", TIM_CCR2(TIM5), HIGH - 2u, HIGH);
    CHECK("each_edge_triggers", TIM_SR(TIM5) & TIM_SR_TIF, TIM_SR_TIF);
}

/* 32 us of samples: longer than any level of the PWM. */
static void filtered(void) {
    set_up(TIM5, 0xFFFFFFFFu);
    TIM_CR1(TIM5) = TIM_CR1_CKD_4;
    TIM_CCMR1(TIM5) = TIM_CCMR1_CC1S_TI1 | TIM_CCMR1_IC1F(15);
    TIM_CCER(TIM5) = TIM_CCER_CC1E;
    TIM_CR1(TIM5) = TIM_CR1_CKD_4 | TIM_CR1_CEN;
    TIM_SR(TIM5) = 0;
    wait_microseconds(100);
    CHECK("the_filter_swallows_short_levels", TIM_SR(TIM5) & TIM_SR_CC1IF, 0);
}

/* Section 23.3.4: TIM2's ETR at the same pin, by another function. */
static void clocked(void) {
    pins_alternate(GPIOA, 1u << 0, 1, PULL_DOWN, 0);
    set_up(TIM2, 0xFFFFFFFFu);
    TIM_SMCR(TIM2) = TIM_SMCR_ECE;
    TIM_CR1(TIM2) = TIM_CR1_CEN;
    wait_microseconds(1000);
    CHECK_WITHIN("ece_counts_edges_of_etr", TIM_CNT(TIM2), 99, 101);
    set_up(TIM2, 0xFFFFFFFFu);
    TIM_SMCR(TIM2) = TIM_SMCR_ECE | TIM_SMCR_ETPS(2);
    TIM_CR1(TIM2) = TIM_CR1_CEN;
    wait_microseconds(1000);
    CHECK_WITHIN("etps_divides_them", TIM_CNT(TIM2), 24, 26);
    set_up(TIM2, 0xFFFFFFFFu);
    TIM_CCMR1(TIM2) = TIM_CCMR1_CC1S_TI1;
    TIM_SMCR(TIM2) = TIM_SMCR_TS(5) | TIM_SMCR_SMS_GATED;
    TIM_CR1(TIM2) = TIM_CR1_CEN;
    wait_microseconds(1000);
    CHECK_WITHIN("a_gate_counts_while_the_pin_is_high", TIM_CNT(TIM2), 100u * HIGH - 400u, 100u * HIGH + 400u);
}

int main(void) {
    clock_on(&RCC_APB1ENR, RCC_APB1ENR_TIM2EN | RCC_APB1ENR_TIM3EN | RCC_APB1ENR_TIM5EN);
    if (!wired()) {
        check_skip("what_a_pin_brings", "there is no wire from D3 to A0");
        return check_verdict();
    }
    pwm();
    edges();
    pwm_input();
    filtered();
    clocked();
    return check_verdict();
}
