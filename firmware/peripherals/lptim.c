/* LPTIM1: periods on PCLK1, HSI and LSI, its prescaler, one shot, compare, the handshakes of ARR and CMP, interrupts. */
#include "check.h"
#include "timers.h"

#define APB1_CYCLES (CORE_HZ / APB1_HZ)
#define HSI_HZ 16000000u
#define PERIOD 1000u

static volatile uint32_t matches;

void LPTIM1_IRQHandler(void);

void LPTIM1_IRQHandler(void) {
    LPTIM1_ICR = LPTIM_ISR_ARRM;
    matches++;
    dsb();
}

static void clock_from(uint32_t source) {
    LPTIM1_CR = 0;
    RCC_DCKCFGR2 = (RCC_DCKCFGR2 & ~RCC_DCKCFGR2_LPTIM1SEL) | source;
    LPTIM1_IER = 0;
    LPTIM1_ICR = 0x7F;
}

/* Section 26.6: CFGR and IER are written while the timer is disabled, ARR and CMP while it is enabled, then ARROK and CMPOK rise. */
static void set_up(uint32_t prescaler, uint32_t reload, uint32_t compare, uint32_t interrupts) {
    LPTIM1_CR = 0;
    LPTIM1_CFGR = LPTIM_CFGR_PRESC(prescaler);
    LPTIM1_IER = interrupts;
    LPTIM1_CR = LPTIM_CR_ENABLE;
    LPTIM1_ICR = 0x7F;
    LPTIM1_CMP = compare;
    CYCLES_UNTIL(LPTIM1_ISR & LPTIM_ISR_CMPOK, 1000);
    LPTIM1_ARR = reload;
    CYCLES_UNTIL(LPTIM1_ISR & LPTIM_ISR_ARROK, 1000);
    LPTIM1_ICR = 0x7F;
}

static uint32_t next_match(uint32_t flag) {
    LPTIM1_ICR = flag;
    CYCLES_UNTIL(LPTIM1_ISR & flag, 100000);
    return board_cycles();
}

static uint32_t period(void) {
    LPTIM1_CR = LPTIM_CR_ENABLE | LPTIM_CR_CNTSTRT;
    next_match(LPTIM_ISR_ARRM);
    const uint32_t first = next_match(LPTIM_ISR_ARRM);
    return next_match(LPTIM_ISR_ARRM) - first;
}

static void handshakes(void) {
    clock_from(0);
    LPTIM1_CR = LPTIM_CR_ENABLE;
    LPTIM1_ARR = 99;
    CHECK("arrok_tells_that_arr_has_arrived", CYCLES_UNTIL(LPTIM1_ISR & LPTIM_ISR_ARROK, 100) == NEVER, 0);
    LPTIM1_CMP = 9;
    CHECK("cmpok_tells_that_cmp_has", CYCLES_UNTIL(LPTIM1_ISR & LPTIM_ISR_CMPOK, 100) == NEVER, 0);
    LPTIM1_ICR = LPTIM_ISR_ARROK | LPTIM_ISR_CMPOK;
    CHECK("icr_clears_them", LPTIM1_ISR & (LPTIM_ISR_ARROK | LPTIM_ISR_CMPOK), 0);
}

static void periods(void) {
    clock_from(0);
    set_up(0, PERIOD - 1u, 0, 0);
    CHECK("it_stands_until_it_is_started", LPTIM1_CNT, 0);
    CHECK_WITHIN("pclk1_counts_it", period(), PERIOD * APB1_CYCLES - LOOK, PERIOD * APB1_CYCLES + LOOK);
    set_up(4, PERIOD - 1u, 0, 0);
    CHECK_WITHIN("presc_of_4_divides_by_16", period(), 16u * PERIOD * APB1_CYCLES - LOOK, 16u * PERIOD * APB1_CYCLES + LOOK);
    LPTIM1_CR = 0;
    clock_from(RCC_DCKCFGR2_LPTIM1SEL_HSI);
    set_up(0, PERIOD - 1u, 0, 0);
    const uint32_t hsi = (uint32_t)((uint64_t)PERIOD * CORE_HZ / HSI_HZ);
    CHECK_WITHIN("the_hsi_counts_it", period(), hsi - LOOK, hsi + LOOK);
    RCC_CSR |= RCC_CSR_LSION;
    CYCLES_UNTIL(RCC_CSR & RCC_CSR_LSIRDY, 1000);
    clock_from(RCC_DCKCFGR2_LPTIM1SEL_LSI);
    set_up(0, 31, 0, 0);
    /* DS10916, LSI oscillator: 17 to 47 kHz. */
    CHECK_WITHIN("the_lsi_counts_it", period(), (uint32_t)(32ull * CORE_HZ / 47000u), (uint32_t)(32ull * CORE_HZ / 17000u));
}

static void one_shot(void) {
    clock_from(0);
    set_up(0, PERIOD - 1u, PERIOD / 2u, LPTIM_ISR_ARRM);
    matches = 0;
    enable_interrupt(LPTIM1_IRQ);
    const uint32_t start = board_cycles();
    LPTIM1_CR = LPTIM_CR_ENABLE | LPTIM_CR_SNGSTRT;
    CYCLES_UNTIL(LPTIM1_ISR & LPTIM_ISR_CMPM, 100);
    const uint32_t compare = board_cycles() - start;
    wait_cycles(4u * PERIOD * APB1_CYCLES);
    disable_interrupt(LPTIM1_IRQ);
    CHECK_WITHIN("cmpm_rises_at_the_compare_value", compare, PERIOD / 2u * APB1_CYCLES - LOOK, PERIOD / 2u * APB1_CYCLES + LOOK);
    CHECK("one_shot_interrupts_once", matches, 1);
    CHECK("and_stands_at_0", LPTIM1_CNT, 0);
}

static void interrupting(void) {
    clock_from(0);
    set_up(0, PERIOD - 1u, 0, LPTIM_ISR_ARRM);
    matches = 0;
    enable_interrupt(LPTIM1_IRQ);
    LPTIM1_CR = LPTIM_CR_ENABLE | LPTIM_CR_CNTSTRT;
    wait_cycles(10u * PERIOD * APB1_CYCLES + PERIOD * APB1_CYCLES / 2u);
    LPTIM1_CR = 0;
    CHECK("ten_periods_interrupt_ten_times", matches, 10);
    CHECK("disabled_it_counts_0", LPTIM1_CNT, 0);
}

int main(void) {
    clock_on(&RCC_APB1ENR, RCC_APB1ENR_LPTIM1EN);
    handshakes();
    periods();
    one_shot();
    interrupting();
    return check_verdict();
}
