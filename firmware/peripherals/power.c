/* Sleep, Stop and Standby, RM0385 section 4.3: enables of Sleep, EXTI's events, what stands in Stop, what wakes from it and how the chip is
   clocked then, over-drive and under-drive, the backup SRAM, and Standby left by the wake-up timer, the watchdog and the blue button (PI11).
   The green LED (PI1) goes dark when the last Standby begins: whoever runs this presses the button then. */
#include "power.h"

#include "check.h"
#include "retained.h"
#include "timers.h"

enum step { FIRST = 0x5746D070, BY_WAKE_UP_TIMER, BY_WATCHDOG, BY_BUTTON };
enum { STEP, FAILURES, MARK_COPY };

#define MARK 0x5746B0A7u
#define LSE_HZ 32768u
#define WAKE_UP_COUNTS 4u
/* RTCCLK by 16: four counts are 64 periods of the LSE, 1.95 ms. */
#define WAKE_UP_TICKS (16u * WAKE_UP_COUNTS)
#define HSI_CYCLES_AWAKE 3000u

static volatile uint32_t wake_ups, lptim_matches;

/* What is found right behind Stop. */
static struct {
    uint32_t cfgr, cr, cr1, csr1, cycles, counts, ticks, switched_alone;
} behind;

void RTC_WKUP_IRQHandler(void);
void LPTIM1_IRQHandler(void);

void RTC_WKUP_IRQHandler(void) {
    RTC_ISR = ~(RTC_ISR_WUTF | RTC_ISR_INIT);
    EXTI_PR = 1u << RTC_WKUP_EXTI;
    if (++wake_ups >= 3u) {
        SCR &= ~SCR_SLEEPONEXIT;
    }
    dsb();
}

void LPTIM1_IRQHandler(void) {
    LPTIM1_ICR = LPTIM_ISR_ARRM;
    EXTI_PR = 1u << LPTIM1_EXTI;
    lptim_matches++;
    dsb();
}

static void unprotect(void) {
    RTC_WPR = 0xCAu;
    RTC_WPR = 0x53u;
}

static void backup_domain_on(void) {
    clock_on(&RCC_APB1ENR, RCC_APB1ENR_PWREN);
    PWR_CR1 |= PWR_CR1_DBP;
    unprotect();
}

static void start_the_rtc(void) {
    RCC_BDCR |= RCC_BDCR_BDRST;
    RCC_BDCR &= ~RCC_BDCR_BDRST;
    RCC_BDCR |= RCC_BDCR_LSEON;
    interrupts_off(); /* two seconds without a tick are simulated at once */
    while ((RCC_BDCR & RCC_BDCR_LSERDY) == 0) {
    }
    interrupts_on();
    RCC_BDCR |= RCC_BDCR_RTCSEL_LSE;
    RCC_BDCR |= RCC_BDCR_RTCEN;
    unprotect();
}

static void no_wake_up(void) {
    RTC_CR &= ~(RTC_CR_WUTE | RTC_CR_WUTIE);
    CYCLES_UNTIL(RTC_ISR & RTC_ISR_WUTWF, 1000);
    RTC_ISR = ~(RTC_ISR_WUTF | RTC_ISR_INIT);
    EXTI_PR = 1u << RTC_WKUP_EXTI;
}

static void wake_up_after(uint32_t counts) {
    no_wake_up();
    RTC_WUTR = counts - 1u;
    RTC_CR |= RTC_CR_WUTE | RTC_CR_WUTIE;
}

static uint32_t lptim_count(void) {
    uint32_t count;
    do {
        count = LPTIM1_CNT;
    } while (count != LPTIM1_CNT);
    return count;
}

static void counters_on(void) {
    clock_on(&RCC_APB1ENR, RCC_APB1ENR_TIM2EN | RCC_APB1ENR_LPTIM1EN);
    TIM_ARR(TIM2) = 0xFFFFFFFFu;
    TIM_CR1(TIM2) = TIM_CR1_CEN;
    RCC_DCKCFGR2 = (RCC_DCKCFGR2 & ~RCC_DCKCFGR2_LPTIM1SEL) | RCC_DCKCFGR2_LPTIM1SEL_LSE;
    LPTIM1_IER = LPTIM_ISR_ARRM;
    LPTIM1_CR = LPTIM_CR_ENABLE;
    LPTIM1_ARR = 0xFFFF;
    CYCLES_UNTIL(LPTIM1_ISR & LPTIM_ISR_ARROK, 1000);
    LPTIM1_CR = LPTIM_CR_ENABLE | LPTIM_CR_CNTSTRT;
}

/* TIM2's counts in a sleep of two milliseconds. */
static uint32_t counts_asleep(void) {
    interrupts_off();
    wake_up_after(WAKE_UP_COUNTS);
    const uint32_t start = TIM_CNT(TIM2);
    wfi();
    const uint32_t counts = TIM_CNT(TIM2) - start;
    interrupts_on();
    isb();
    no_wake_up();
    return counts;
}

static void in_sleep(void) {
    const uint32_t whole = (uint32_t)((uint64_t)WAKE_UP_TICKS * APB1_TIMER_HZ / LSE_HZ);
    const uint32_t with = counts_asleep();
    RCC_APB1LPENR &= ~RCC_APB1LPENR_TIM2LPEN;
    const uint32_t without = counts_asleep();
    RCC_APB1LPENR |= RCC_APB1LPENR_TIM2LPEN;
    CHECK_WITHIN("a_timer_counts_in_sleep", with, whole * 9u / 10u, whole * 11u / 10u);
    CHECK_WITHIN("without_its_lpen_bit_it_stands", without, 0, LOOK);
    CHECK("the_wake_up_timer_interrupts", wake_ups, 2);
}

/* Exceptions set the event register, too: Armv7-M ARM B1.5.18. */
static void clear_event(void) {
    sev();
    wfe();
}

/* Section 11.3: an event leaves no pending bit, and wakes the core without an interrupt. */
static void events(void) {
    EXTI_IMR &= ~(1u << RTC_WKUP_EXTI);
    EXTI_EMR |= 1u << RTC_WKUP_EXTI | 1u << 2;
    clear_event();
    EXTI_SWIER = 1u << 2;
    wfe();
    CHECK("software_makes_an_event", EXTI_PR & 1u << 2, 0);
    EXTI_SWIER = 0;
    wake_up_after(WAKE_UP_COUNTS);
    const uint32_t start = lptim_count(), before = wake_ups;
    clear_event();
    wfe();
    const uint32_t ticks = (lptim_count() - start) & 0xFFFFu;
    CHECK_WITHIN("an_event_wakes_wfe", ticks, WAKE_UP_TICKS - 3u, WAKE_UP_TICKS + 3u);
    CHECK("without_an_interrupt", wake_ups, before);
    CHECK("and_leaves_nothing_pending", EXTI_PR & 1u << RTC_WKUP_EXTI, 0);
    no_wake_up();
    EXTI_EMR &= ~(1u << 2);
}

/* Into Stop and out of it; then back to 216 MHz. Interrupts are off: they wake all the same. */
static void stop(void (*wait)(void), uint32_t regulator) {
    board_flush();
    interrupts_off();
    PWR_CR1 |= regulator;
    wake_up_after(WAKE_UP_COUNTS);
    clear_event();
    SCR |= SCR_SLEEPDEEP;
    const uint32_t cycles = board_cycles(), counts = TIM_CNT(TIM2), ticks = lptim_count();
    dsb();
    wait();
    behind.cfgr = RCC_CFGR;
    behind.cr = RCC_CR;
    behind.cycles = board_cycles() - cycles;
    behind.counts = TIM_CNT(TIM2) - counts;
    behind.ticks = (lptim_count() - ticks) & 0xFFFFu;
    behind.cr1 = PWR_CR1;
    behind.csr1 = PWR_CSR1;
    SCR &= ~SCR_SLEEPDEEP;
    PWR_CR1 = (PWR_CR1 & ~regulator) | PWR_CR1_ODSWEN;
    wait_cycles(2000);
    behind.switched_alone = PWR_CSR1 & PWR_CSR1_ODSWRDY;
    PWR_CSR1 |= PWR_CSR1_UDRDY;
    clock_init();
    interrupts_on();
    isb();
}

static void by_interrupt(void) {
    const uint32_t gone = RCC_CR_HSEON | RCC_CR_HSERDY | RCC_CR_PLLON | RCC_CR_PLLRDY, hsi = RCC_CR_HSION | RCC_CR_HSIRDY;
    const uint32_t over_drive = PWR_CSR1_ODRDY | PWR_CSR1_ODSWRDY, prescalers = RCC_CFGR_PPRE1_DIV4 | RCC_CFGR_PPRE2_DIV2;
    EXTI_EMR &= ~(1u << RTC_WKUP_EXTI);
    EXTI_IMR |= 1u << RTC_WKUP_EXTI;
    stop(wfi, 0);
    CHECK("behind_stop_sysclk_is_hsi", behind.cfgr & (RCC_CFGR_SW | RCC_CFGR_SWS), 0);
    CHECK("the_prescalers_stay", behind.cfgr & (FIELD(7, 10) | FIELD(7, 13)), prescalers);
    CHECK("hse_and_pll_are_off", behind.cr & gone, 0);
    CHECK("hsi_is_on", behind.cr & hsi, hsi);
    CHECK("over_drive_is_off", behind.csr1 & over_drive, 0);
    CHECK("and_its_enables", behind.cr1 & (PWR_CR1_ODEN | PWR_CR1_ODSWEN), 0);
    CHECK("without_oden_odswrdy_does_not_come", behind.switched_alone, 0);
    CHECK("udrdy_is_clear", behind.csr1 & PWR_CSR1_UDRDY, 0);
    CHECK_WITHIN("the_cycle_counter_stands", behind.cycles, 0, HSI_CYCLES_AWAKE);
    CHECK_WITHIN("so_does_tim2", behind.counts, 0, HSI_CYCLES_AWAKE);
    CHECK_WITHIN("lptim1_counts_the_lse", behind.ticks, WAKE_UP_TICKS - 3u, WAKE_UP_TICKS + 3u);
    CHECK("the_core_is_back_at_216_mhz", PWR_CSR1 & over_drive, over_drive);
}

static void by_event(void) {
    EXTI_IMR &= ~(1u << RTC_WKUP_EXTI);
    EXTI_EMR |= 1u << RTC_WKUP_EXTI;
    const uint32_t before = wake_ups;
    stop(wfe, PWR_CR1_UDEN | PWR_CR1_MRUDS | PWR_CR1_FPDS);
    CHECK("an_event_ends_stop", behind.cfgr & RCC_CFGR_SWS, 0);
    CHECK("without_an_interrupt_too", wake_ups, before);
    CHECK("udrdy_tells_of_under_drive", behind.csr1 & PWR_CSR1_UDRDY, PWR_CSR1_UDRDY);
    /* DS10916: 107 to 113 us until the core runs, against 14. */
    CHECK_WITHIN("which_takes_time_to_leave", behind.ticks, WAKE_UP_TICKS + 1u, WAKE_UP_TICKS + 6u);
    EXTI_EMR &= ~(1u << RTC_WKUP_EXTI);
    EXTI_IMR |= 1u << RTC_WKUP_EXTI;
}

/* Stop between three wake-ups; the handler clears SLEEPONEXIT at the last one. */
static void on_exit(void) {
    board_flush();
    wake_ups = 0;
    wake_up_after(WAKE_UP_COUNTS);
    SCR |= SCR_SLEEPDEEP | SCR_SLEEPONEXIT;
    const uint32_t ticks = lptim_count();
    dsb();
    wfi();
    const uint32_t gone = (lptim_count() - ticks) & 0xFFFFu, source = RCC_CFGR & RCC_CFGR_SWS;
    SCR &= ~SCR_SLEEPDEEP;
    no_wake_up();
    clock_init();
    CHECK("sleeponexit_goes_back_to_stop", wake_ups, 3);
    CHECK_WITHIN("each_time_to_the_next_wake_up", gone, 3u * WAKE_UP_TICKS - 3u, 3u * WAKE_UP_TICKS + 3u);
    CHECK("and_ends_on_hsi", source, 0);
}

/* LPTIM1's match is line 23 of EXTI. */
static void by_lptim(void) {
    board_flush();
    LPTIM1_CR = 0;
    LPTIM1_CR = LPTIM_CR_ENABLE;
    LPTIM1_ARR = 49;
    CYCLES_UNTIL(LPTIM1_ISR & LPTIM_ISR_ARROK, 1000);
    LPTIM1_ICR = 0x7F;
    EXTI_RTSR |= 1u << LPTIM1_EXTI;
    EXTI_IMR |= 1u << LPTIM1_EXTI;
    enable_interrupt(LPTIM1_IRQ);
    LPTIM1_CR = LPTIM_CR_ENABLE | LPTIM_CR_SNGSTRT;
    SCR |= SCR_SLEEPDEEP;
    dsb();
    wfi();
    const uint32_t source = RCC_CFGR & RCC_CFGR_SWS;
    SCR &= ~SCR_SLEEPDEEP;
    clock_init();
    CHECK("lptim1_ends_stop", lptim_matches, 1);
    CHECK("on_hsi", source, 0);
    EXTI_IMR &= ~(1u << LPTIM1_EXTI);
    LPTIM1_CR = 0;
}

/* Section 4.3.4: with a line pending the entry is ignored. */
static void refused(void) {
    EXTI_IMR |= 1u << 3;
    EXTI_SWIER = 1u << 3;
    SCR |= SCR_SLEEPDEEP;
    const uint32_t start = board_cycles();
    dsb();
    wfi();
    const uint32_t cycles = board_cycles() - start;
    SCR &= ~SCR_SLEEPDEEP;
    EXTI_IMR &= ~(1u << 3);
    EXTI_PR = 1u << 3;
    CHECK("a_pending_line_forbids_stop", RCC_CFGR & RCC_CFGR_SWS, RCC_CFGR_SWS_PLL);
    CHECK_WITHIN("the_core_goes_on", cycles, 0, LOOK);
}

static void backup_sram(void) {
    BACKUP_SRAM(0) = MARK;
    CHECK("without_its_clock_it_reads_0", BACKUP_SRAM(0), 0);
    clock_on(&RCC_AHB1ENR, RCC_AHB1ENR_BKPSRAMEN);
    BACKUP_SRAM(0) = 0;
    BACKUP_SRAM(0xFFC) = MARK;
    const uint32_t written = BACKUP_SRAM(0xFFC);
    PWR_CR1 &= ~PWR_CR1_DBP;
    BACKUP_SRAM(0) = MARK;
    BACKUP_SRAM(0xFFC) = 0;
    const uint32_t first = BACKUP_SRAM(0), last = BACKUP_SRAM(0xFFC);
    PWR_CR1 |= PWR_CR1_DBP;
    CHECK("with_it_it_is_written", written, MARK);
    CHECK("without_dbp_it_is_not", first, 0);
    CHECK("at_its_other_end_neither", last, MARK);
    PWR_CSR1 |= PWR_CSR1_BRE;
    CHECK("the_backup_regulator_gets_ready", CYCLES_UNTIL(PWR_CSR1 & PWR_CSR1_BRR, 10000) == NEVER, 0);
}

static void standby(enum step next) {
    board_flush();
    RTC_BKPR(STEP) = next;
    RTC_BKPR(FAILURES) = (uint32_t)check_verdict();
    for (uint32_t n = 0; n < 8; n++) {
        RETAINED[n] = MARK;
    }
    clean_and_forget((const void *)RETAINED, 64);
    RCC_CSR |= RCC_CSR_RMVF;
    PWR_CR2 = PWR_CR2_CWUPF_ALL;
    PWR_CR1 |= PWR_CR1_PDDS | PWR_CR1_CSBF;
    SCR |= SCR_SLEEPDEEP;
    interrupts_off();
    dsb();
    wfi();
    for (;;) {
    }
}

static uint32_t words_kept(void) {
    uint32_t kept = 0;
    for (uint32_t n = 0; n < 8; n++) {
        kept += RETAINED[n] == MARK;
    }
    return kept;
}

static void woken_by_the_timer(uint32_t csr, uint32_t cr1) {
    const uint32_t no_such_reset = RCC_CSR_LPWRRSTF | RCC_CSR_WWDGRSTF | RCC_CSR_IWDGRSTF | RCC_CSR_SFTRSTF;
    CHECK("sbf_tells_of_standby", PWR_CSR1 & PWR_CSR1_SBF, PWR_CSR1_SBF);
    CHECK("wuif_of_the_rtc", PWR_CSR1 & PWR_CSR1_WUIF, PWR_CSR1_WUIF);
    CHECK("no_pins_flag", PWR_CSR2 & PWR_CR2_CWUPF_ALL, 0);
    CHECK("csr_has_no_other_reset", csr & no_such_reset, 0);
    CHECK("pddss_register_is_reset", cr1, 0);
    CHECK("the_backup_regulator_stays_on", PWR_CSR1 & (PWR_CSR1_BRE | PWR_CSR1_BRR), PWR_CSR1_BRE | PWR_CSR1_BRR);
    CHECK("the_sram_is_lost", words_kept(), 0);
    clock_on(&RCC_AHB1ENR, RCC_AHB1ENR_BKPSRAMEN);
    CHECK("the_backup_sram_is_not", BACKUP_SRAM(0xFFC), MARK);
    CHECK("nor_is_a_backup_register", RTC_BKPR(MARK_COPY), MARK);
    no_wake_up();
    CHECK("wuif_falls_with_its_source", PWR_CSR1 & PWR_CSR1_WUIF, 0);
    PWR_CR1 |= PWR_CR1_CSBF;
    CHECK("csbf_clears_sbf", PWR_CSR1 & PWR_CSR1_SBF, 0);
    /* 9 counts of the LSI by 4: 0.8 to 2.1 ms; the dog goes on in Standby. */
    IWDG_KR = IWDG_KR_START;
    IWDG_KR = IWDG_KR_UNLOCK;
    IWDG_PR = 0;
    IWDG_RLR = 8;
    CYCLES_UNTIL(IWDG_SR == 0, 10000);
    IWDG_KR = IWDG_KR_REFRESH;
    standby(BY_WATCHDOG);
}

/* Without a button that is pressed the RTC ends it after 31 ms. */
static void woken_by_the_watchdog(uint32_t csr) {
    CHECK("the_watchdog_ends_standby", csr & RCC_CSR_IWDGRSTF, RCC_CSR_IWDGRSTF);
    CHECK("which_sbf_tells_too", PWR_CSR1 & PWR_CSR1_SBF, PWR_CSR1_SBF);
    pin_mode(GPIOI, 1, OUTPUT);
    pin_write(GPIOI, 1, 1);
    PWR_CSR2 = PWR_CSR2_EWUP6;
    wake_up_after(16u * WAKE_UP_COUNTS);
    standby(BY_BUTTON);
}

static void woken_by_the_button(void) {
    if ((PWR_CSR2 & PWR_CSR2_WUPF6) == 0) {
        check_skip("the_button_ends_standby", "nobody pressed it when the LED went dark");
        return;
    }
    CHECK("the_button_ends_standby", PWR_CSR1 & (PWR_CSR1_SBF | PWR_CSR1_WUIF), PWR_CSR1_SBF);
    CHECK("its_enable_outlives_it", PWR_CSR2 & PWR_CSR2_EWUP6, PWR_CSR2_EWUP6);
    PWR_CR2 = PWR_CR2_CWUPF_ALL;
    CHECK("cwupf_clears_its_flag", PWR_CSR2 & PWR_CSR2_WUPF6, 0);
}

static void first_run(void) {
    start_the_rtc();
    EXTI_RTSR |= 1u << RTC_WKUP_EXTI;
    EXTI_IMR |= 1u << RTC_WKUP_EXTI;
    enable_interrupt(RTC_WKUP_IRQ);
    SYST_CSR &= ~SYST_CSR_TICKINT;
    counters_on();
    in_sleep();
    events();
    by_interrupt();
    by_event();
    on_exit();
    by_lptim();
    refused();
    backup_sram();
    RTC_BKPR(MARK_COPY) = MARK;
    PWR_CSR1 |= PWR_CSR1_EIWUP;
    disable_interrupt(RTC_WKUP_IRQ);
    wake_up_after(WAKE_UP_COUNTS);
    standby(BY_WAKE_UP_TIMER);
}

int main(void) {
    /* The start-up code has set VOS, ODEN and ODSWEN by now. */
    const uint32_t cr1 = PWR_CR1 & (PWR_CR1_PDDS | PWR_CR1_DBP), csr = RCC_CSR, step = RTC_BKPR(STEP);
    backup_domain_on();
    check_resume(step - FIRST > BY_BUTTON - FIRST ? 0 : RTC_BKPR(FAILURES));
    switch (step) {
    case BY_WAKE_UP_TIMER:
        woken_by_the_timer(csr, cr1);
        break;
    case BY_WATCHDOG:
        woken_by_the_watchdog(csr);
        break;
    case BY_BUTTON:
        woken_by_the_button();
        RTC_BKPR(STEP) = FIRST;
        return check_verdict();
    default:
        first_run();
    }
    check_equal("standby_is_left_by_a_reset_only", 0, 1);
    return check_verdict();
}
