/* STM32F746G-DISCO: 216 MHz, caches, cycle counter, 1 ms tick, serial port. */
#include "board.h"

#include "caches.h"
#include "clock.h"
#include "registers.h"
#include "semihosting.h"
#include "uart.h"

static volatile uint32_t milliseconds;
static int ready;

void SysTick_Handler(void);

__attribute__((weak)) void SysTick_Handler(void) {
    milliseconds++;
}

static void cycle_counter_init(void) {
    DEMCR |= DEMCR_TRCENA;
    DWT_LAR = DWT_LAR_KEY;
    DWT_CYCCNT = 0;
    DWT_CTRL |= DWT_CTRL_CYCCNTENA;
}

static void tick_init(void) {
    SYST_RVR = CORE_HZ / 1000u - 1u;
    SYST_CVR = 0;
    SYST_CSR = SYST_CSR_CLKSOURCE | SYST_CSR_TICKINT | SYST_CSR_ENABLE;
}

void board_init(void) {
    if (ready) {
        return;
    }
    ready = 1;
    cycle_counter_init();
    caches_init();
    clock_init();
    tick_init();
    uart_init();
}

uint32_t board_cycles(void) {
    return DWT_CYCCNT;
}

uint32_t board_milliseconds(void) {
    return milliseconds;
}

void board_exit(int status) {
    board_flush();
    semihosting_exit((uint32_t)status);
}
