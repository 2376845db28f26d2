/* GPIO, EXTI and SYSCFG: what a pin reads as in each mode, the lock, edges as interrupts. From outside, PI1 makes three pulses. */
#include "check.h"
#include "pins.h"

#define LED 1u   /* PI1, EXTI1 */
#define D4 7u    /* PG7, EXTI7 */
#define D12 14u  /* PB14, EXTI14 */
#define PORT_B 1u
#define PORT_G 6u
#define PORT_I 8u
#define PULSE_CYCLES 2160u

static volatile uint32_t on_1, on_9_5, on_15_10;

void EXTI1_IRQHandler(void);
void EXTI9_5_IRQHandler(void);
void EXTI15_10_IRQHandler(void);

void EXTI1_IRQHandler(void) {
    EXTI_PR = 1u << LED;
    on_1++;
    dsb();
}

void EXTI9_5_IRQHandler(void) {
    on_9_5 |= EXTI_PR;
    EXTI_PR = 1u << D4;
    dsb();
}

void EXTI15_10_IRQHandler(void) {
    on_15_10 |= EXTI_PR;
    EXTI_PR = 1u << D12;
    dsb();
}

static void at_reset(void) {
    clock_on(&RCC_AHB1ENR, RCC_AHB1ENR_GPIOEN(GPIOC));
    CHECK("pins_are_inputs_at_reset", GPIO_MODER(GPIOC), 0);
    /* Without the serial port's own pin, PB7. */
    CHECK("but_those_of_the_debugger", GPIO_MODER(GPIOB) & ~FIELD(3, 14), 0x280);
}

static void levels(void) {
    pin_mode(GPIOG, D4, INPUT);
    pin_pull(GPIOG, D4, PULL_UP);
    CHECK("pulled_up_an_input_reads_1", pin_read(GPIOG, D4), 1);
    pin_pull(GPIOG, D4, PULL_DOWN);
    CHECK("pulled_down_it_reads_0", pin_read(GPIOG, D4), 0);
    GPIO_ODR(GPIOG) |= 1u << D4;
    CHECK("odr_drives_no_input", pin_read(GPIOG, D4), 0);
    pin_mode(GPIOG, D4, OUTPUT);
    CHECK("an_output_reads_what_odr_drives", pin_read(GPIOG, D4), 1);
    GPIO_BSRR(GPIOG) = 1u << (D4 + 16u);
    CHECK("bsrr_resets", GPIO_ODR(GPIOG) >> D4 & 1u, 0);
    GPIO_BSRR(GPIOG) = 1u << (D4 + 16u) | 1u << D4;
    CHECK("its_set_bits_win", GPIO_ODR(GPIOG) >> D4 & 1u, 1);
    CHECK("bsrr_reads_0", GPIO_BSRR(GPIOG), 0);
    GPIO_OTYPER(GPIOG) |= 1u << D4;
    CHECK("an_open_drain_does_not_drive_1", pin_read(GPIOG, D4), 0);
    pin_pull(GPIOG, D4, PULL_UP);
    CHECK("its_pull_up_does", pin_read(GPIOG, D4), 1);
    pin_write(GPIOG, D4, 0);
    CHECK("it_drives_0", pin_read(GPIOG, D4), 0);
    pin_mode(GPIOG, D4, ANALOG);
    CHECK("an_analog_pin_reads_0", pin_read(GPIOG, D4), 0);
    GPIO_OTYPER(GPIOG) &= ~(1u << D4);
    pin_pull(GPIOG, D4, NO_PULL);
    pin_mode(GPIOG, D4, OUTPUT);
}

/* Section 6.4.8: 1, 0, 1 with the same pins, then two reads. */
static void lock(void) {
    const uint32_t pin = 1u << 3;
    pin_mode(GPIOI, 3, INPUT);
    const uint32_t mode = GPIO_MODER(GPIOI);
    GPIO_LCKR(GPIOI) = GPIO_LCKR_LCKK | pin;
    GPIO_LCKR(GPIOI) = pin;
    GPIO_LCKR(GPIOI) = GPIO_LCKR_LCKK | pin;
    (void)GPIO_LCKR(GPIOI);
    CHECK("the_sequence_locks", GPIO_LCKR(GPIOI), GPIO_LCKR_LCKK | pin);
    GPIO_MODER(GPIOI) = mode | FIELD(1, 6);
    CHECK("a_locked_pin_keeps_its_mode", GPIO_MODER(GPIOI), mode);
    GPIO_MODER(GPIOI) = mode | FIELD(1, 8);
    CHECK("its_neighbour_does_not", GPIO_MODER(GPIOI), mode | FIELD(1, 8));
    GPIO_MODER(GPIOI) = mode;
    pin_write(GPIOI, 3, 1);
    CHECK("odr_is_not_locked", GPIO_ODR(GPIOI) >> 3 & 1u, 1);
    pin_write(GPIOI, 3, 0);
}

static void source(unsigned line, unsigned port) {
    SYSCFG_EXTICR(line) = (SYSCFG_EXTICR(line) & ~FIELD(15, 4u * (line % 4u))) | FIELD(port, 4u * (line % 4u));
}

static uint32_t edges_seen(uint32_t rising, uint32_t falling) {
    EXTI_RTSR = rising << LED;
    EXTI_FTSR = falling << LED;
    on_1 = 0;
    for (int i = 0; i < 3; i++) {
        pin_write(GPIOI, LED, 1);
        wait_cycles(PULSE_CYCLES);
        pin_write(GPIOI, LED, 0);
        wait_cycles(PULSE_CYCLES);
    }
    return on_1;
}

static void edges(void) {
    clock_on(&RCC_APB2ENR, RCC_APB2ENR_SYSCFGEN);
    pin_write(GPIOI, LED, 0);
    pin_mode(GPIOI, LED, OUTPUT);
    source(LED, PORT_I);
    enable_interrupt(EXTI1_IRQ);
    EXTI_IMR = 1u << LED;
    CHECK("rising_edges_interrupt", edges_seen(1, 0), 3);
    CHECK("falling_edges_interrupt", edges_seen(0, 1), 3);
    CHECK("both_do", edges_seen(1, 1), 6);
    CHECK("neither_does", edges_seen(0, 0), 0);
    source(LED, PORT_B);
    CHECK("another_ports_pin_is_not_heard", edges_seen(1, 1), 0);
    source(LED, PORT_I);
    EXTI_IMR = 0;
    CHECK("a_masked_line_does_not_interrupt", edges_seen(1, 1), 0);
    EXTI_PR = 1u << LED;
    EXTI_IMR = 1u << LED;
    EXTI_SWIER = 1u << LED;
    wait_cycles(100);
    CHECK("software_makes_an_interrupt", on_1, 1);
    CHECK("pr_clears_swier", EXTI_SWIER, 0);
    EXTI_IMR = 0;
}

static void shared_interrupts(void) {
    pin_write(GPIOB, D12, 0);
    pin_mode(GPIOB, D12, OUTPUT);
    source(D4, PORT_G);
    source(D12, PORT_B);
    pin_write(GPIOG, D4, 0);
    EXTI_RTSR = 1u << D4 | 1u << D12;
    EXTI_FTSR = 0;
    EXTI_PR = 1u << D4 | 1u << D12;
    EXTI_IMR = 1u << D4 | 1u << D12;
    pin_write(GPIOG, D4, 1);
    pin_write(GPIOB, D12, 1);
    wait_cycles(100);
    CHECK("a_flag_stays_until_it_is_cleared", EXTI_PR, 1u << D4 | 1u << D12);
    enable_interrupt(EXTI9_5_IRQ);
    enable_interrupt(EXTI15_10_IRQ);
    wait_cycles(100);
    CHECK("lines_5_to_9_share_an_interrupt", on_9_5 & 1u << D4, 1u << D4);
    CHECK("lines_10_to_15_share_one", on_15_10 & 1u << D12, 1u << D12);
    CHECK("a_one_clears_a_flag", EXTI_PR, 0);
}

int main(void) {
    at_reset();
    levels();
    lock();
    edges();
    shared_interrupts();
    return check_verdict();
}
