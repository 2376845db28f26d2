/* RCC and PWR: oscillators and PLLs with their flags, the clock tree by what it drives, gates, resets, causes of a reset. */
#include "check.h"
#include "clocks.h"

#define ARR_AT_RESET 0xFFFFFFFFu

static volatile uint32_t interrupts;

void RCC_IRQHandler(void);

void RCC_IRQHandler(void) {
    interrupts += (RCC_CIR & RCC_CIR_PLLSAIRDYF) != 0;
    RCC_CIR |= RCC_CIR_PLLSAIRDYC;
    dsb();
}

static void power_on(void) {
    CHECK("power_on_is_told_by_csr", RCC_CSR & RCC_CSR_CAUSES, RCC_CSR_PORRSTF | RCC_CSR_PINRSTF | RCC_CSR_BORRSTF);
    RCC_CSR |= RCC_CSR_RMVF;
    CHECK("rmvf_clears_the_causes", RCC_CSR & RCC_CSR_CAUSES, 0);
    const uint32_t ready = RCC_CR_HSIRDY | RCC_CR_HSERDY | RCC_CR_PLLRDY;
    CHECK("oscillators_and_pll_are_ready", RCC_CR & ready, ready);
    CHECK("sws_says_that_the_pll_drives_the_core", RCC_CFGR & RCC_CFGR_SWS, RCC_CFGR_SWS_PLL);
    const uint32_t over_drive = PWR_CSR1_ODRDY | PWR_CSR1_ODSWRDY;
    CHECK("over_drive_is_on", PWR_CSR1 & over_drive, over_drive);
    CHECK("the_regulator_is_at_scale_1", PWR_CSR1 & PWR_CSR1_VOSRDY, PWR_CSR1_VOSRDY);
}

/* Section 5.3.2: the main PLL's factors are written only while it is off. */
static void plls(void) {
    const uint32_t factors = RCC_PLLCFGR;
    RCC_PLLCFGR = factors ^ FIELD(1, 6);
    CHECK("pllcfgr_keeps_its_factors_while_the_pll_runs", RCC_PLLCFGR, factors);

    RCC_CIR = RCC_CIR_PLLSAIRDYIE;
    enable_interrupt(RCC_IRQ);
    RCC_PLLSAICFGR = RCC_PLLSAICFGR_N(192) | RCC_PLLSAICFGR_P_DIV8 | RCC_PLLSAICFGR_Q(4) | RCC_PLLSAICFGR_R(5);
    RCC_CR |= RCC_CR_PLLSAION;
    const uint32_t lock = CYCLES_UNTIL(RCC_CR & RCC_CR_PLLSAIRDY, 1000);
    /* DS10916, PLLSAI characteristics: 75 to 200 us, or 300 us at the highest frequency. */
    CHECK_WITHIN("pllsai_locks_in_75_to_300_us", lock, 75u * CYCLES_PER_MICROSECOND, 300u * CYCLES_PER_MICROSECOND + LOOK);
    wait_microseconds(1);
    CHECK("its_ready_interrupt_comes_once", interrupts, 1);
    CHECK("pllsairdyc_clears_the_flag", RCC_CIR & RCC_CIR_PLLSAIRDYF, 0);
    RCC_CR &= ~RCC_CR_PLLSAION;
    CHECK("pllsairdy_falls_with_pllsaion", CYCLES_UNTIL((RCC_CR & RCC_CR_PLLSAIRDY) == 0, 10) == NEVER, 0);

    RCC_CR |= RCC_CR_PLLI2SON;
    CHECK("plli2s_locks", CYCLES_UNTIL(RCC_CR & RCC_CR_PLLI2SRDY, 300) == NEVER, 0);
    RCC_CR &= ~RCC_CR_PLLI2SON;
}

static void low_speed(void) {
    RCC_CSR |= RCC_CSR_LSION;
    /* DS10916, LSI oscillator: 15 us typically, 40 us at most. */
    CHECK_WITHIN("lsi_starts_within_40_us", CYCLES_UNTIL(RCC_CSR & RCC_CSR_LSIRDY, 1000), 1, 40u * CYCLES_PER_MICROSECOND + LOOK);
    RCC_CSR &= ~RCC_CSR_LSION;
    PWR_CR1 &= ~PWR_CR1_DBP;
    RCC_BDCR |= RCC_BDCR_LSEON;
    CHECK("bdcr_is_read_only_without_dbp", RCC_BDCR & RCC_BDCR_LSEON, 0);
}

static void gates(void) {
    clock_on(&RCC_APB1ENR, RCC_APB1ENR_TIM2EN);
    TIM_ARR(TIM2) = 0x1234;
    RCC_APB1ENR &= ~RCC_APB1ENR_TIM2EN;
    CHECK("a_block_without_clock_reads_0", TIM_ARR(TIM2), 0);
    TIM_ARR(TIM2) = 0x5678;
    clock_on(&RCC_APB1ENR, RCC_APB1ENR_TIM2EN);
    CHECK("it_keeps_its_registers_and_ignores_writes", TIM_ARR(TIM2), 0x1234);
    RCC_APB1RSTR |= RCC_APB1RSTR_TIM2RST;
    TIM_ARR(TIM2) = 0x5678;
    CHECK("a_block_held_in_reset_takes_no_writes", TIM_ARR(TIM2), ARR_AT_RESET);
    RCC_APB1RSTR &= ~RCC_APB1RSTR_TIM2RST;
    CHECK("apb1rstr_resets_a_block", TIM_ARR(TIM2), ARR_AT_RESET);
}

/* TIM2's counts in 43,200 core cycles, by the cycle counter. */
static uint32_t counts(void) {
    TIM_CR1(TIM2) = TIM_CR1_CEN;
    (void)TIM_CNT(TIM2);
    const uint32_t start = board_cycles(), before = TIM_CNT(TIM2);
    wait_cycles(43200);
    const uint32_t after = TIM_CNT(TIM2), end = board_cycles();
    TIM_CR1(TIM2) = 0;
    return (uint32_t)((uint64_t)(after - before) * 43200u / (end - start));
}

/* Section 5.2.11 (timer clocks): twice a divided APB's clock; with TIMPRE the core's up to a division by 4, four times beyond. */
static void clock_tree(void) {
    CHECK_WITHIN("timers_run_at_twice_a_divided_apb", counts(), 21550, 21650);
    RCC_DCKCFGR1 |= RCC_DCKCFGR1_TIMPRE;
    CHECK_WITHIN("timpre_lets_them_run_at_hclk", counts(), 43100, 43300);
    const uint32_t divided = RCC_CFGR;
    RCC_CFGR = (divided & ~RCC_CFGR_PPRE1) | RCC_CFGR_PPRE1_DIV16;
    const uint32_t four_times = counts();
    RCC_DCKCFGR1 &= ~RCC_DCKCFGR1_TIMPRE;
    const uint32_t twice = counts();
    RCC_CFGR = divided;
    CHECK_WITHIN("ppre1_of_16_with_timpre_is_a_fourth", four_times, 10760, 10840);
    CHECK_WITHIN("ppre1_of_16_is_an_eighth", twice, 5370, 5430);
}

/* The core from the HSE, 25 MHz, and back, while a timer behind the APB's prescaler keeps its ratio. */
static void switches(void) {
    RCC_CFGR = (RCC_CFGR & ~3u) | RCC_CFGR_SW_HSE;
    const uint32_t took = CYCLES_UNTIL((RCC_CFGR & RCC_CFGR_SWS) == RCC_CFGR_SWS_HSE, 1000);
    const uint32_t at_25_mhz = counts();
    RCC_CFGR = (RCC_CFGR & ~3u) | RCC_CFGR_SW_PLL;
    const uint32_t back = CYCLES_UNTIL((RCC_CFGR & RCC_CFGR_SWS) == RCC_CFGR_SWS_PLL, 1000);
    CHECK("the_core_changes_to_hse", took == NEVER, 0);
    CHECK_WITHIN("prescalers_go_on_from_hse", at_25_mhz, 21500, 21700);
    CHECK("and_back_to_the_pll", back == NEVER, 0);
}

int main(void) {
    power_on();
    plls();
    low_speed();
    gates();
    clock_tree();
    switches();
    return check_verdict();
}
