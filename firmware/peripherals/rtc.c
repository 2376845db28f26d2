/* RTC on the LSE: write protection, the calendar over a year's end, its second in core cycles, alarm A, the wake-up timer, backup
   registers that outlive a reset, BDRST. */
#include "check.h"
#include "pins.h"
#include "timers.h"

#define KEY_1 0xCAu
#define KEY_2 0x53u
#define MARK 0x5746B0A7u
#define AIRCR_SYSRESETREQ (1u << 2)
#define LSE_HZ 32768u
#define LSE_CYCLES (CORE_HZ / LSE_HZ)
#define SECOND 256u /* periods of the LSE */
#define SECOND_CYCLES ((uint32_t)((uint64_t)SECOND * CORE_HZ / LSE_HZ))

static volatile uint32_t alarms, wake_ups, last_wake_up, wake_up_period;

void RTC_Alarm_IRQHandler(void);
void RTC_WKUP_IRQHandler(void);

void RTC_Alarm_IRQHandler(void) {
    RTC_ISR = ~(RTC_ISR_ALRAF | RTC_ISR_INIT);
    EXTI_PR = 1u << RTC_ALARM_EXTI;
    alarms++;
    dsb();
}

void RTC_WKUP_IRQHandler(void) {
    const uint32_t now = board_cycles();
    RTC_ISR = ~(RTC_ISR_WUTF | RTC_ISR_INIT);
    EXTI_PR = 1u << RTC_WKUP_EXTI;
    wake_up_period = now - last_wake_up;
    last_wake_up = now;
    wake_ups++;
    dsb();
}

static void start_the_lse(void) {
    clock_on(&RCC_APB1ENR, RCC_APB1ENR_PWREN);
    PWR_CR1 |= PWR_CR1_DBP;
    RCC_BDCR |= RCC_BDCR_BDRST;
    RCC_BDCR &= ~RCC_BDCR_BDRST;
    RCC_BDCR |= RCC_BDCR_LSEON;
    interrupts_off(); /* two seconds without a tick are simulated at once */
    while ((RCC_BDCR & RCC_BDCR_LSERDY) == 0) {
    }
    interrupts_on();
    RCC_BDCR |= RCC_BDCR_RTCSEL_LSE;
    RCC_BDCR |= RCC_BDCR_RTCEN;
}

static void unprotect(void) {
    RTC_WPR = KEY_1;
    RTC_WPR = KEY_2;
}

static void protection(void) {
    CHECK("the_calendar_starts_on_saturday_1_january_2000", RTC_DR, 0x2101);
    CHECK("it_is_not_set", RTC_ISR & RTC_ISR_INITS, 0);
    RTC_CR = RTC_CR_BYPSHAD;
    CHECK("cr_is_write_protected", RTC_CR, 0);
    unprotect();
    RTC_CR = RTC_CR_BYPSHAD;
    CHECK("two_keys_unprotect_it", RTC_CR, RTC_CR_BYPSHAD);
    RTC_WPR = 0;
    RTC_CR = 0;
    CHECK("a_wrong_one_protects_it", RTC_CR, RTC_CR_BYPSHAD);
    unprotect();
    RTC_CR = 0;
}

/* From fresh shadow registers; what is read first locks the date: section 29.3.6. */
static uint32_t date(void) {
    RTC_ISR = ~(RTC_ISR_RSF | RTC_ISR_INIT);
    while ((RTC_ISR & RTC_ISR_RSF) == 0) {
    }
    (void)RTC_TR;
    return RTC_DR;
}

/* Section 29.6.6: two writes, the synchronous prescaler first. */
static void enter_init(uint32_t predivider) {
    RTC_ISR |= RTC_ISR_INIT;
    while ((RTC_ISR & RTC_ISR_INITF) == 0) {
    }
    RTC_PRER = predivider;
    RTC_PRER = FIELD(127, 16) | predivider;
}

static void subseconds(void) {
    RTC_ISR |= RTC_ISR_INIT;
    CHECK("the_calendar_stops_for_init", CYCLES_UNTIL(RTC_ISR & RTC_ISR_INITF, 1000) == NEVER, 0);
    enter_init(255);
    RTC_ISR &= ~RTC_ISR_INIT;
    (void)date();
    const uint32_t first = RTC_SSR;
    (void)RTC_DR;
    wait_milliseconds(100);
    const uint32_t later = RTC_SSR;
    (void)RTC_DR;
    CHECK_WITHIN("ssr_counts_down_256_a_second", first - later, 25, 27);
}

/* Sunday 31 December 2023, 23:59:58, then Monday; a second is made 1/128 of one, so that nobody waits. */
static void calendar(void) {
    enter_init(SECOND / 128u - 1u);
    RTC_TR = 0x235958;
    RTC_DR = FIELD(0x23, 16) | FIELD(7, 13) | 0x1231;
    RTC_ISR &= ~RTC_ISR_INIT;
    const uint32_t start = board_cycles(), set_day = date(), set = RTC_TR;
    (void)RTC_DR;
    while (RTC_TR != 0x235959) {
    }
    const uint32_t first = board_cycles();
    while (RTC_TR != 0) {
    }
    const uint32_t second = board_cycles();
    (void)RTC_DR;
    const uint32_t day = date();
    CHECK("it_reads_what_was_set", set, 0x235958);
    CHECK("the_day_too", set_day, FIELD(0x23, 16) | FIELD(7, 13) | 0x1231);
    CHECK("inits_says_that_it_is_set", RTC_ISR & RTC_ISR_INITS, RTC_ISR_INITS);
    CHECK_WITHIN("the_first_second_is_whole", first - start, SECOND_CYCLES - 4u * LSE_CYCLES, SECOND_CYCLES + 4u * LSE_CYCLES);
    /* The shadow registers follow each second period of RTCCLK. */
    CHECK_WITHIN("a_second_is_both_prescalers_periods", second - first, SECOND_CYCLES - 2u * LSE_CYCLES, SECOND_CYCLES + 2u * LSE_CYCLES);
    CHECK("a_year_ends_at_midnight", day, FIELD(0x24, 16) | FIELD(1, 13) | 0x0101);
}

/* At 00:00:20, on any day. */
static void alarm(void) {
    EXTI_RTSR |= 1u << RTC_ALARM_EXTI;
    EXTI_IMR |= 1u << RTC_ALARM_EXTI;
    enable_interrupt(RTC_ALARM_IRQ);
    CYCLES_UNTIL(RTC_ISR & RTC_ISR_ALRAWF, 1000);
    RTC_ALRMAR = RTC_ALRMAR_MSK4 | 0x000020;
    RTC_CR |= RTC_CR_ALRAE | RTC_CR_ALRAIE;
    while (alarms == 0) {
    }
    CYCLES_UNTIL(RTC_ISR & RTC_ISR_RSF, 1000);
    const uint32_t at = RTC_TR;
    (void)RTC_DR;
    RTC_CR &= ~(RTC_CR_ALRAE | RTC_CR_ALRAIE);
    CHECK_WITHIN("the_alarm_rings_at_its_second", at, 0x000020, 0x000021);
    CHECK("once", alarms, 1);
    CHECK("alrawf_allows_a_new_one", CYCLES_UNTIL(RTC_ISR & RTC_ISR_ALRAWF, 1000) == NEVER, 0);
}

/* Section 29.3.5: RTCCLK / 16, WUT + 1 counts. */
static void wake_up(void) {
    EXTI_RTSR |= 1u << RTC_WKUP_EXTI;
    EXTI_IMR |= 1u << RTC_WKUP_EXTI;
    enable_interrupt(RTC_WKUP_IRQ);
    CHECK("wutwf_allows_wutr", CYCLES_UNTIL(RTC_ISR & RTC_ISR_WUTWF, 1000) == NEVER, 0);
    RTC_WUTR = 19;
    RTC_CR |= RTC_CR_WUTE | RTC_CR_WUTIE;
    while (wake_ups < 3) {
    }
    RTC_CR &= ~(RTC_CR_WUTE | RTC_CR_WUTIE);
    const uint32_t period = (uint32_t)(20ull * 16u * CORE_HZ / LSE_HZ);
    CHECK_WITHIN("a_wake_up_period_is_320_of_the_lse", wake_up_period, period - LOOK, period + LOOK);
    RTC_CR |= RTC_CR_WUCKSEL_SECOND;
    CHECK("wucksel_takes_seconds", RTC_CR & RTC_CR_WUCKSEL, RTC_CR_WUCKSEL_SECOND);
}

static void backup(void) {
    CHECK("backup_registers_are_0_at_first", RTC_BKPR(31), 0);
    PWR_CR1 &= ~PWR_CR1_DBP;
    RTC_BKPR(0) = MARK;
    CHECK("they_are_read_only_without_dbp", RTC_BKPR(0), 0);
    PWR_CR1 |= PWR_CR1_DBP;
    RTC_BKPR(31) = ~MARK;
    RTC_BKPR(1) = (uint32_t)check_verdict();
    RTC_BKPR(0) = MARK;
    board_flush();
    AIRCR = AIRCR_VECTKEY | AIRCR_SYSRESETREQ;
    for (;;) {
    }
}

static void after_the_reset(void) {
    CHECK("backup_registers_outlive_a_reset", RTC_BKPR(31), ~MARK);
    CHECK("so_does_the_calendars_date", RTC_DR & 0xFF0000, FIELD(0x24, 16));
    CHECK("and_the_lse", RCC_BDCR & (RCC_BDCR_LSERDY | RCC_BDCR_RTCEN), RCC_BDCR_LSERDY | RCC_BDCR_RTCEN);
    PWR_CR1 |= PWR_CR1_DBP;
    RCC_BDCR |= RCC_BDCR_BDRST;
    RCC_BDCR &= ~RCC_BDCR_BDRST;
    CHECK("bdrst_clears_the_domain", RCC_BDCR & (RCC_BDCR_RTCSEL | RCC_BDCR_RTCEN | RCC_BDCR_LSEON), 0);
    CHECK("and_the_backup_registers", RTC_BKPR(31), 0);
}

int main(void) {
    if (RTC_BKPR(0) == MARK) {
        check_resume(RTC_BKPR(1));
        after_the_reset();
        return check_verdict();
    }
    start_the_lse();
    protection();
    subseconds();
    calendar();
    alarm();
    wake_up();
    backup();
    return check_verdict();
}
