/* MT48LC4M32B2 on 16 data lines of FMC bank 1: RM0385 section 13.7.3 (initialisation), and the memory's data sheet. */
#include "sdram.h"

#include "devices.h"
#include "pins.h"
#include "wait.h"

#define AF12 12u

enum command { CLOCK_ENABLE = 1, PRECHARGE_ALL = 2, AUTO_REFRESH = 3, LOAD_MODE = 4 };

/* Cycles of the memory's 108 MHz, each field one less. */
#define TMRD 2u
#define TXSR 8u
#define TRAS 5u
#define TRC 7u
#define TWR 2u
#define TRP 2u
#define TRCD 2u
/* 4096 rows in 64 ms, 20 cycles early as section 13.7.5 asks. */
#define REFRESH_COUNT (CORE_MHZ / 2u * 64000u / 4096u - 20u)
#define CORE_MHZ 216u
/* Burst of one, CAS 2, single writes. */
#define MODE 0x220u

#define MPU_CTRL REG32(0xE000ED94u)
#define MPU_RNR REG32(0xE000ED98u)
#define MPU_RBAR REG32(0xE000ED9Cu)
#define MPU_RASR REG32(0xE000EDA0u)
#define MPU_CTRL_ENABLE (1u << 0)
#define MPU_CTRL_PRIVDEFENA (1u << 2)
#define MPU_RASR_ENABLE (1u << 0)
#define MPU_RASR_8MB FIELD(22, 1)
#define MPU_RASR_WRITE_THROUGH FIELD(2, 16)
#define MPU_RASR_FULL_ACCESS FIELD(3, 24)
#define MPU_RASR_XN (1u << 28)

static void pins_init(void) {
    pins_alternate(GPIOC, 1u << 3, AF12, PULL_UP, 0);
    pins_alternate(GPIOD, 0xC703u, AF12, PULL_UP, 0);
    pins_alternate(GPIOE, 0xFF83u, AF12, PULL_UP, 0);
    pins_alternate(GPIOF, 0xF83Fu, AF12, PULL_UP, 0);
    pins_alternate(GPIOG, 0x8133u, AF12, PULL_UP, 0);
    pins_alternate(GPIOH, 0x0028u, AF12, PULL_UP, 0);
}

static void command(enum command mode, uint32_t refreshes, uint32_t mode_register) {
    FMC_SDCMR = mode | FMC_SDCMR_CTB1 | FMC_SDCMR_NRFS(refreshes) | FMC_SDCMR_MRD(mode_register);
    while (FMC_SDSR & FMC_SDSR_BUSY) {
    }
}

/* Without a region it would be Device memory: Armv7-M ARM section B3.1. */
static void map_as_memory(void) {
    MPU_CTRL = 0;
    MPU_RNR = 0;
    MPU_RBAR = SDRAM;
    MPU_RASR = MPU_RASR_XN | MPU_RASR_FULL_ACCESS | MPU_RASR_WRITE_THROUGH | MPU_RASR_8MB | MPU_RASR_ENABLE;
    MPU_CTRL = MPU_CTRL_PRIVDEFENA | MPU_CTRL_ENABLE;
    dsb();
    isb();
}

int sdram_init(void) {
    pins_init();
    RCC_AHB3ENR |= RCC_AHB3ENR_FMCEN;
    (void)RCC_AHB3ENR;
    FMC_SDCR1 = FMC_SDCR_COLUMNS_8 | FMC_SDCR_ROWS_12 | FMC_SDCR_WIDTH_16 | FMC_SDCR_FOUR_BANKS | FMC_SDCR_CAS_2 |
        FMC_SDCR_HCLK_BY_2 | FMC_SDCR_RBURST;
    FMC_SDTR1 = FIELD(TMRD - 1u, 0) | FIELD(TXSR - 1u, 4) | FIELD(TRAS - 1u, 8) | FIELD(TRC - 1u, 12) |
        FIELD(TWR - 1u, 16) | FIELD(TRP - 1u, 20) | FIELD(TRCD - 1u, 24);
    command(CLOCK_ENABLE, 1, 0);
    wait_milliseconds(1);
    command(PRECHARGE_ALL, 1, 0);
    command(AUTO_REFRESH, 8, 0);
    command(LOAD_MODE, 1, MODE);
    FMC_SDRTR = FIELD(REFRESH_COUNT, 1);
    map_as_memory();

    volatile uint32_t *const first = (volatile uint32_t *)SDRAM;
    volatile uint32_t *const last = (volatile uint32_t *)(SDRAM + 0x7FFFFCu);
    *first = 0x12345678u;
    *last = 0x9ABCDEF0u;
    return *first == 0x12345678u && *last == 0x9ABCDEF0u ? 0 : -1;
}
