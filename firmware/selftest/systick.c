/* SysTick against DWT->CYCCNT: the board's 1 ms tick, COUNTFLAG, the counter's way down, and an interrupt's exact period. */
#include "board.h"
#include "clock.h"
#include "core.h"
#include "selftest.h"

#define PERIOD 5000u
#define RECORDED 8u
#define READS 5u

static volatile uint32_t stamps[RECORDED];
static volatile uint32_t count;

/* In one piece, so that the cycles between the interrupt and the read are the same every time. */
void SysTick_Handler(void);

__attribute__((naked)) void SysTick_Handler(void) {
    __asm volatile(
        "ldr r0, =0xE0001004\n"
        ".global systick_stamp\n"
        "systick_stamp: ldr r1, [r0]\n"
        ".global systick_stamped\n"
        "systick_stamped: b systick_record\n"
        ".ltorg\n");
}

__attribute__((used)) void systick_record(uint32_t unused, uint32_t stamp) {
    (void)unused;
    if (count < RECORDED) {
        stamps[count] = stamp;
    }
    count++;
}

/* The serial port's interrupts would come between. */
static void stop(void) {
    SYST_CSR = 0;
    board_flush();
}

static void start(uint32_t reload) {
    stop();
    SYST_RVR = reload;
    SYST_CVR = 0;
    count = 0;
    SYST_CSR = SYST_CSR_CLKSOURCE | SYST_CSR_TICKINT | SYST_CSR_ENABLE;
}

/* A loop of two instructions, which stands between the interrupts. */
static void wait_for(uint32_t interrupts) {
    while (count < interrupts) {
    }
}

static int near(uint32_t value, uint32_t wanted, uint32_t tolerance) {
    return value - (wanted - tolerance) <= 2 * tolerance;
}

static void counts_milliseconds(void) {
    start(CORE_HZ / 1000u - 1u);
    wait_for(1);
    const uint32_t before = DWT_CYCCNT;
    wait_for(4);
    claim("three ticks of 1 ms are 648000 cycles", near(DWT_CYCCNT - before, 3 * CORE_HZ / 1000u, 100));
}

static void keeps_its_period(void) {
    start(PERIOD - 1u);
    wait_for(RECORDED);
    SYST_CSR = 0;
    int all = 1;
    for (uint32_t i = 1; i < RECORDED; i++) {
        printf("period %lu\n", (unsigned long)(stamps[i] - stamps[i - 1]));
        all &= near(stamps[i] - stamps[i - 1], PERIOD, 64);
    }
    claim("each period is the reload value and one", all);
    claim("over seven periods nothing drifts", near(stamps[RECORDED - 1] - stamps[0], (RECORDED - 1) * PERIOD, 64));
}

static void counts_down(void) {
    stop();
    SYST_RVR = 0xFFFFFFu;
    SYST_CVR = 0;
    SYST_CSR = SYST_CSR_CLKSOURCE | SYST_CSR_ENABLE;
    while (SYST_CVR == 0) {
    }
    const uint32_t ticks = SYST_CVR, cycles = DWT_CYCCNT;
    for (volatile int i = 0; i < 500; i++) {
    }
    const uint32_t ticks_after = SYST_CVR, cycles_after = DWT_CYCCNT;
    printf("ticks %lu cycles %lu\n", (unsigned long)(ticks - ticks_after), (unsigned long)(cycles_after - cycles));
    claim("the counter goes down by one a cycle", near(ticks - ticks_after, cycles_after - cycles, 32));
}

static void flags_its_zero(void) {
    stop();
    SYST_RVR = 1000;
    SYST_CVR = 0;
    SYST_CSR = SYST_CSR_CLKSOURCE | SYST_CSR_ENABLE;
    const uint32_t at_first = SYST_CSR, before = DWT_CYCCNT;
    while ((SYST_CSR & SYST_CSR_COUNTFLAG) == 0) {
    }
    const uint32_t cycles = DWT_CYCCNT - before, behind = SYST_CSR, counter = SYST_CVR;
    claim("COUNTFLAG is clear after CVR was written", (at_first & SYST_CSR_COUNTFLAG) == 0);
    claim("COUNTFLAG comes with the zero", near(cycles, 1001, 64));
    claim("reading COUNTFLAG clears it", (behind & SYST_CSR_COUNTFLAG) == 0);
    claim("the counter never exceeds its reload value", counter <= 1000);
}

static void divides_by_eight(void) {
    stop();
    SYST_RVR = 0xFFFFu;
    SYST_CVR = 0;
    SYST_CSR = SYST_CSR_ENABLE;
    while (SYST_CVR == 0) {
    }
    const uint32_t ticks = SYST_CVR, cycles = DWT_CYCCNT;
    for (volatile int i = 0; i < 500; i++) {
    }
    const uint32_t gone = ticks - SYST_CVR;
    claim("without CLKSOURCE it counts HCLK/8", near(8 * gone, DWT_CYCCNT - cycles, 64));
}

static void waits_while_masked(void) {
    stop();
    count = 0;
    interrupts_off();
    ICSR = ICSR_PENDSTSET;
    dsb();
    isb();
    const int pending = (ICSR & ICSR_PENDSTSET) != 0 && count == 0;
    interrupts_on();
    isb();
    claim("a masked tick stays pending", pending);
    claim("and comes when it is unmasked", count == 1);
    interrupts_off();
    ICSR = ICSR_PENDSTSET;
    ICSR = ICSR_PENDSTCLR;
    interrupts_on();
    isb();
    claim("PENDSTCLR takes it back", count == 1);
}

/* The test compares the printed counts with the run's own cycles at systick_read and systick_was_read. */
__attribute__((noinline)) static uint32_t read_cycles(void) {
    uint32_t value;
    __asm volatile(
        "ldr r3, =0xE0001004\n"
        "b systick_read\n"
        ".ltorg\n"
        ".global systick_read\n"
        "systick_read: ldr %0, [r3]\n"
        "b systick_was_read\n"
        ".global systick_was_read\n"
        "systick_was_read:\n"
        : "=r"(value)
        :
        : "r3");
    return value;
}

int main(void) {
    counts_milliseconds();
    keeps_its_period();
    counts_down();
    flags_its_zero();
    divides_by_eight();
    waits_while_masked();
    stop();
    uint32_t reads[READS];
    for (uint32_t i = 0; i < READS; i++) {
        reads[i] = read_cycles();
    }
    for (uint32_t i = 0; i < READS; i++) {
        printf("cyccnt %lu\n", (unsigned long)reads[i]);
    }
    return verdict();
}
