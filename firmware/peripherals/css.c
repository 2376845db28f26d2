/* The clock security system, RM0385 section 5.2.7: the HSE crystal fails while the core runs from it through the PLL, from it directly,
   and from HSI; then without security, when the core stands until the crystal or the independent watchdog brings it back.
   Each time the green LED (PI1) says when: whoever runs this stops the crystal then, for 3 ms. */
#include "check.h"
#include "pins.h"
#include "retained.h"
#include "timers.h"

enum { STEP, FAILURES };
enum { BITTEN = 0x43535301 };

#define PATIENCE 10000u /* microseconds at 216 MHz */
#define NMIS 3u
#define PLLS_ON (RCC_CR_PLLON | RCC_CR_PLLI2SON | RCC_CR_PLLSAION)
#define PLLS_READY (RCC_CR_PLLRDY | RCC_CR_PLLI2SRDY | RCC_CR_PLLSAIRDY)

/* What the NMI's handler finds, and who has come. */
static volatile struct {
    uint32_t nmis, cir, cr, cfgr, tim1_sr, tim1_bdtr, tim8_bdtr;
    uint32_t hse_ready, pll_ready, breaks;
} seen;

void NMI_Handler(void);
void RCC_IRQHandler(void);
void TIM1_BRK_TIM9_IRQHandler(void);

/* The first two leave CSSF as it is. */
void NMI_Handler(void) {
    if (++seen.nmis == 1u) {
        seen.cir = RCC_CIR;
        seen.cr = RCC_CR;
        seen.cfgr = RCC_CFGR;
        seen.tim1_sr = TIM_SR(TIM1);
        seen.tim1_bdtr = TIM_BDTR(TIM1);
        seen.tim8_bdtr = TIM_BDTR(TIM8);
    }
    if (seen.nmis < NMIS) {
        return;
    }
    RCC_CR |= RCC_CR_HSEON;
    RCC_CIR = RCC_CIR_CSSC | RCC_CIR_HSERDYIE | RCC_CIR_PLLRDYIE;
    dsb();
}

/* The way back: the crystal, the PLL with the factors that it still has, SYSCLK. */
void RCC_IRQHandler(void) {
    if (RCC_CIR & RCC_CIR_HSERDYF) {
        RCC_CIR |= RCC_CIR_HSERDYC;
        seen.hse_ready++;
        RCC_CR |= RCC_CR_PLLON;
    }
    if (RCC_CIR & RCC_CIR_PLLRDYF) {
        RCC_CIR |= RCC_CIR_PLLRDYC;
        seen.pll_ready++;
        RCC_CFGR = (RCC_CFGR & ~RCC_CFGR_SW) | RCC_CFGR_SW_PLL;
    }
    dsb();
}

void TIM1_BRK_TIM9_IRQHandler(void) {
    TIM_DIER(TIM1) = 0;
    seen.breaks++;
    dsb();
}

static void ask_for_the_failure(void) {
    seen.nmis = seen.hse_ready = seen.pll_ready = seen.breaks = 0;
    pin_write(GPIOI, 1, 1);
}

static int is_noticed(void) {
    return CYCLES_UNTIL(seen.nmis >= NMIS, PATIENCE) != NEVER;
}

static int is_back(void) {
    const int back = CYCLES_UNTIL((RCC_CFGR & RCC_CFGR_SWS) == RCC_CFGR_SWS_PLL, PATIENCE) != NEVER;
    pin_write(GPIOI, 1, 0);
    return back;
}

static int sysclk_from(uint32_t source) {
    RCC_CFGR = (RCC_CFGR & ~RCC_CFGR_SW) | source;
    return CYCLES_UNTIL((RCC_CFGR & RCC_CFGR_SWS) == source << 2, 1000) != NEVER;
}

/* TIM5's counts in eight periods of the LSI, which nothing of this disturbs: section 23.4.21. */
static uint32_t lsi_counts(void) {
    TIM_SR(TIM5) = 0;
    CYCLES_UNTIL(TIM_SR(TIM5) & TIM_SR_CC4IF, PATIENCE);
    const uint32_t first = TIM_CCR4(TIM5);
    CYCLES_UNTIL(TIM_SR(TIM5) & TIM_SR_CC4IF, PATIENCE);
    return TIM_CCR4(TIM5) - first;
}

static void timers_on(void) {
    RCC_CSR |= RCC_CSR_LSION;
    clock_on(&RCC_APB1ENR, RCC_APB1ENR_TIM5EN | RCC_APB1ENR_LPTIM1EN);
    TIM5_OR = TIM5_OR_TI4_LSI;
    TIM_CCMR2(TIM5) = TIM_CCMR2_CC4S_TI4 | TIM_CCMR2_IC4PSC(3);
    TIM_CCER(TIM5) = TIM_CCER_CC4E;
    TIM_CR1(TIM5) = TIM_CR1_CEN;

    clock_on(&RCC_APB2ENR, RCC_APB2ENR_TIM1EN | RCC_APB2ENR_TIM8EN);
    TIM_DIER(TIM1) = TIM_DIER_BIE;
    TIM_BDTR(TIM1) = TIM_BDTR_MOE | TIM_BDTR_BKE | TIM_BDTR_BKP;
    TIM_BDTR(TIM8) = TIM_BDTR_MOE;
    enable_interrupt(TIM1_BRK_IRQ);

    RCC_DCKCFGR2 = (RCC_DCKCFGR2 & ~RCC_DCKCFGR2_LPTIM1SEL) | RCC_DCKCFGR2_LPTIM1SEL_LSI;
    LPTIM1_CR = LPTIM_CR_ENABLE;
    LPTIM1_ARR = 0xFFFF;
    LPTIM1_CR = LPTIM_CR_ENABLE | LPTIM_CR_CNTSTRT;
}

/* DS10916, LSI oscillator: 17 to 47 kHz; TIM5 counts twice APB1, which is a fourth of HCLK. */
static uint32_t lsi(uint32_t hz) {
    return (uint32_t)(8ull * (CORE_HZ / 2u) / hz);
}

static uint32_t lsi_at_16_mhz(uint32_t hz) {
    return 8u * 8000000u / hz;
}

static int through_the_pll(void) {
    RCC_CR |= RCC_CR_CSSON | PLLS_ON;
    CYCLES_UNTIL((RCC_CR & PLLS_READY) == PLLS_READY, 1000);
    RCC_CR &= ~RCC_CR_HSION;
    const uint32_t before = lsi_counts(), factors = RCC_PLLCFGR;
    ask_for_the_failure();
    if (!is_noticed()) {
        pin_write(GPIOI, 1, 0);
        check_skip("a_failing_crystal", "it did not fail when the LED went on");
        return 0;
    }
    const uint32_t pending = RCC_CIR & RCC_CIR_CSSF, meanwhile = lsi_counts();
    const int back = is_back();
    const uint32_t after = lsi_counts(), hsi = RCC_CR_HSION | RCC_CR_HSIRDY;
    CHECK("the_nmi_comes_again_until_cssc", seen.nmis, NMIS);
    CHECK("cssf_tells_why", seen.cir & RCC_CIR_CSSF, RCC_CIR_CSSF);
    CHECK("cssc_clears_it", pending, 0);
    CHECK("hse_is_off", seen.cr & (RCC_CR_HSEON | RCC_CR_HSERDY), 0);
    CHECK("all_plls_are_off", seen.cr & (PLLS_ON | PLLS_READY), 0);
    CHECK("hsi_is_on", seen.cr & hsi, hsi);
    CHECK("sysclk_is_hsi", seen.cfgr & (RCC_CFGR_SW | RCC_CFGR_SWS), 0);
    CHECK("tim1_breaks", seen.tim1_sr & TIM_SR_BIF, TIM_SR_BIF);
    CHECK("its_outputs_are_off", seen.tim1_bdtr & TIM_BDTR_MOE, 0);
    CHECK("its_break_interrupt_comes_once", seen.breaks, 1);
    CHECK("tim8_without_bke_does_not_break", seen.tim8_bdtr & TIM_BDTR_MOE, TIM_BDTR_MOE);
    CHECK_WITHIN("tim5_counts_216_mhz_before", before, lsi(47000), lsi(17000));
    CHECK_WITHIN("it_counts_16_mhz_meanwhile", meanwhile, lsi_at_16_mhz(47000), lsi_at_16_mhz(17000));
    CHECK_WITHIN("it_counts_216_mhz_again", after, lsi(47000), lsi(17000));
    CHECK("hserdy_interrupts_when_the_crystal_is_back", seen.hse_ready, 1);
    CHECK("pllrdy_interrupts", seen.pll_ready, 1);
    CHECK("the_core_is_back_on_the_pll", back, 1);
    CHECK("whose_factors_are_the_same", RCC_PLLCFGR, factors);
    CHECK("csson_outlives_the_failure", RCC_CR & RCC_CR_CSSON, RCC_CR_CSSON);
    return 1;
}

static void from_hse(void) {
    const int switched = sysclk_from(RCC_CFGR_SW_HSE);
    RCC_CR &= ~RCC_CR_PLLON;
    ask_for_the_failure();
    const int noticed = is_noticed();
    const uint32_t cfgr = seen.cfgr, cr = seen.cr;
    const int back = is_back();
    CHECK("the_core_runs_from_hse", switched, 1);
    CHECK("its_failure_is_noticed", noticed, 1);
    CHECK("sysclk_is_hsi_again", cfgr & (RCC_CFGR_SW | RCC_CFGR_SWS), 0);
    CHECK("hse_is_off_again", cr & (RCC_CR_HSEON | RCC_CR_HSERDY), 0);
    CHECK("the_core_is_back_again", back, 1);
}

static void from_hsi(void) {
    RCC_CR |= RCC_CR_HSION;
    const int switched = sysclk_from(0);
    RCC_CR &= ~RCC_CR_PLLON;
    ask_for_the_failure();
    const int noticed = is_noticed();
    const uint32_t cr = seen.cr;
    const int back = is_back();
    CHECK("the_core_runs_from_hsi", switched, 1);
    CHECK("a_failure_is_noticed_there_too", noticed, 1);
    CHECK("hse_is_off_there_too", cr & (RCC_CR_HSEON | RCC_CR_HSERDY), 0);
    CHECK("the_core_is_back_from_there", back, 1);
}

/* 3 ms without a crystal, its start-up, and the PLL's: the core makes a hundred microseconds' cycles in 5 to 6 ms by the LSI. */
static void without_security(void) {
    RCC_CR &= ~RCC_CR_CSSON;
    ask_for_the_failure();
    const uint32_t start = LPTIM1_CNT, begun = board_cycles();
    wait_microseconds(100);
    const uint32_t cycles = board_cycles() - begun, counts = (LPTIM1_CNT - start) & 0xFFFFu;
    pin_write(GPIOI, 1, 0);
    CHECK("without_security_no_nmi_comes", seen.nmis, 0);
    CHECK_WITHIN("the_lsi_goes_on_while_the_core_stands", counts, 5u * 17u, 6u * 47u);
    CHECK_WITHIN("the_cycle_counter_stands_with_it", cycles, 100u * CYCLES_PER_MICROSECOND, 101u * CYCLES_PER_MICROSECOND);
}

/* 8 counts of the LSI by 4: 0.7 to 1.9 ms, before the crystal is back. */
static void watchdog(void) {
    RETAINED[STEP] = BITTEN;
    RETAINED[FAILURES] = (uint32_t)check_verdict();
    RCC_CSR |= RCC_CSR_RMVF;
    IWDG_KR = IWDG_KR_START;
    IWDG_KR = IWDG_KR_UNLOCK;
    IWDG_PR = 0;
    IWDG_RLR = 7;
    CYCLES_UNTIL(IWDG_SR == 0, PATIENCE);
    IWDG_KR = IWDG_KR_REFRESH;
    ask_for_the_failure();
    wait_microseconds(500);
    check_equal("the_core_stands", 0, 1);
}

int main(void) {
    enable_interrupt(RCC_IRQ);
    if (RETAINED[STEP] == BITTEN) {
        RETAINED[STEP] = 0;
        check_resume(RETAINED[FAILURES]);
        CHECK("the_watchdog_resets_a_core_that_stands", RCC_CSR & RCC_CSR_CAUSES, RCC_CSR_IWDGRSTF | RCC_CSR_PINRSTF);
        CHECK("and_the_start_up_code_finds_the_crystal", RCC_CFGR & RCC_CFGR_SWS, RCC_CFGR_SWS_PLL);
        return check_verdict();
    }
    pin_mode(GPIOI, 1, OUTPUT);
    pin_write(GPIOI, 1, 0);
    timers_on();
    if (through_the_pll()) {
        from_hse();
        from_hsi();
        without_security();
        watchdog();
    }
    return check_verdict();
}
