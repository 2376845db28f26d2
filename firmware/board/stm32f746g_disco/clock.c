/* 216 MHz from the 25 MHz crystal: RM0385 section 4.1.4 (entering over-drive), 3.3.1 (wait states), 5.2. */
#include "clock.h"

#include "registers.h"

#define PLL_M 25u
#define PLL_N 432u
#define PLL_P_DIV2 0u
#define PLL_Q 9u
#define PLLCFGR_RESERVED (1u << 29)

static void wait_for(volatile uint32_t *status, uint32_t mask, uint32_t value) {
    while ((*status & mask) != value) {
    }
}

static void over_drive(void) {
    PWR_CR1 |= PWR_CR1_ODEN;
    wait_for(&PWR_CSR1, PWR_CSR1_ODRDY, PWR_CSR1_ODRDY);
    PWR_CR1 |= PWR_CR1_ODSWEN;
    wait_for(&PWR_CSR1, PWR_CSR1_ODSWRDY, PWR_CSR1_ODSWRDY);
}

void clock_init(void) {
    const uint32_t acr = FLASH_ACR_LATENCY(7) | FLASH_ACR_PRFTEN | FLASH_ACR_ARTEN;

    RCC_APB1ENR |= RCC_APB1ENR_PWREN;
    (void)RCC_APB1ENR;
    PWR_CR1 |= PWR_CR1_VOS_SCALE1;

    RCC_CR |= RCC_CR_HSEON;
    wait_for(&RCC_CR, RCC_CR_HSERDY, RCC_CR_HSERDY);
    RCC_PLLCFGR = PLLCFGR_RESERVED | FIELD(PLL_Q, 24) | RCC_PLLCFGR_PLLSRC_HSE | FIELD(PLL_P_DIV2, 16) | FIELD(PLL_N, 6) | PLL_M;
    RCC_CR |= RCC_CR_PLLON;
    over_drive();
    wait_for(&RCC_CR, RCC_CR_PLLRDY, RCC_CR_PLLRDY);

    FLASH_ACR = acr;
    wait_for(&FLASH_ACR, FLASH_ACR_LATENCY(15), FLASH_ACR_LATENCY(7));
    RCC_CFGR = RCC_CFGR_PPRE1_DIV4 | RCC_CFGR_PPRE2_DIV2;
    RCC_CFGR |= RCC_CFGR_SW_PLL;
    wait_for(&RCC_CFGR, RCC_CFGR_SWS, RCC_CFGR_SWS_PLL);
}
