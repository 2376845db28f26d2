/* LTDC and DMA2D at one SDRAM: two layers of 32 bits whose FIFOs are full in time, or not, by the pixel clock and by whoever else comes.
   The pixel clocks are chosen far from AN4861's limits (table of STM32F7x6, SDRAM of 16 bits): 21 MHz for two layers alone, 12 MHz beside
   DMA2D, 83 MHz for one of 16 bits. No panel sees them: LTDC's pins are left alone. */
#include "check.h"
#include "graphics.h"
#include "memories.h"
#include "pins.h"

#define LTDC_IER REG32(0x40016834u)
#define LTDC_ISR REG32(0x40016838u)
#define LTDC_ICR REG32(0x4001683Cu)
#define LTDC_FUI (1u << 1)
#define LTDC_TERRI (1u << 2)
#define LTDC_LAYER(n, offset) REG32(0x40016800u + 0x80u * (n) + (offset))
#define LTDC_CR(n) LTDC_LAYER(n, 0x04u)
#define LTDC_WHPCR(n) LTDC_LAYER(n, 0x08u)
#define LTDC_WVPCR(n) LTDC_LAYER(n, 0x0Cu)
#define LTDC_PFCR(n) LTDC_LAYER(n, 0x14u)
#define LTDC_CFBAR(n) LTDC_LAYER(n, 0x2Cu)
#define LTDC_CFBLR(n) LTDC_LAYER(n, 0x30u)
#define LTDC_CFBLNR(n) LTDC_LAYER(n, 0x34u)
#define LTDC_ER_IRQ 89u

#define WIDTH 480u
#define HEIGHT 272u
#define LEFT 54u
#define TOP 12u
#define BANK_BYTES (SDRAM_BYTES / 4u)
#define FRAME_MILLISECONDS 17u
#define AF12 12u

static volatile uint32_t errors;

void LTDC_ER_IRQHandler(void);

void LTDC_ER_IRQHandler(void) {
    errors |= LTDC_ISR & (LTDC_FUI | LTDC_TERRI);
    LTDC_IER = 0;
    LTDC_ICR = LTDC_FUI | LTDC_TERRI;
    dsb();
}

static void command(enum sdram_command mode, uint32_t refreshes, uint32_t mode_register) {
    FMC_SDCMR = mode | FMC_SDCMR_CTB1 | FMC_SDCMR_NRFS(refreshes) | FMC_SDCMR_MRD(mode_register);
    CYCLES_UNTIL((FMC_SDSR & FMC_SDSR_BUSY) == 0, 100);
}

/* Section 13.7.3, with the board's times at 108 MHz. */
static void sdram_on(void) {
    pins_alternate(GPIOC, 1u << 3, AF12, PULL_UP, 0);
    pins_alternate(GPIOD, 0xC703u, AF12, PULL_UP, 0);
    pins_alternate(GPIOE, 0xFF83u, AF12, PULL_UP, 0);
    pins_alternate(GPIOF, 0xF83Fu, AF12, PULL_UP, 0);
    pins_alternate(GPIOG, 0x8133u, AF12, PULL_UP, 0);
    pins_alternate(GPIOH, 0x0028u, AF12, PULL_UP, 0);
    clock_on(&RCC_AHB3ENR, RCC_AHB3ENR_FMCEN);
    FMC_SDCR1 = FMC_SDCR_COLUMNS_8 | FMC_SDCR_ROWS_12 | FMC_SDCR_WIDTH_16 | FMC_SDCR_FOUR_BANKS | FMC_SDCR_CAS_2 |
        FMC_SDCR_HCLK_BY_2 | FMC_SDCR_RBURST;
    FMC_SDTR1 = FIELD(1, 0) | FIELD(7, 4) | FIELD(4, 8) | FIELD(6, 12) | FIELD(1, 16) | FIELD(1, 20) | FIELD(1, 24);
    command(CLOCK_ENABLE, 1, 0);
    wait_microseconds(100);
    command(PRECHARGE_ALL, 1, 0);
    command(AUTO_REFRESH, 8, 0);
    command(LOAD_MODE, 1, 0x220);
    FMC_SDRTR = FMC_SDRTR_COUNT(108u * 64000u / 4096u - 20u);
    map_as_memory(0, SDRAM, 23, MPU_RASR_NOT_CACHED);
}

/* PLLSAI's 192 MHz by r, and by 2, 4, 8 or 16. */
static void pixel_clock(uint32_t r, uint32_t divider) {
    LTDC_GCR &= ~LTDC_GCR_LTDCEN;
    RCC_CR &= ~RCC_CR_PLLSAION;
    CYCLES_UNTIL((RCC_CR & RCC_CR_PLLSAIRDY) == 0, 1000);
    RCC_PLLSAICFGR = FIELD(192, 6) | FIELD(4, 24) | FIELD(r, 28);
    RCC_DCKCFGR1 = (RCC_DCKCFGR1 & ~RCC_DCKCFGR1_PLLSAIDIVR) | FIELD(divider, 16);
    RCC_CR |= RCC_CR_PLLSAION;
    CYCLES_UNTIL(RCC_CR & RCC_CR_PLLSAIRDY, 1000);
    LTDC_GCR |= LTDC_GCR_LTDCEN;
}

static void raster(void) {
    LTDC_SSCR = FIELD(40, 16) | 9u;
    LTDC_BPCR = FIELD(LEFT - 1u, 16) | (TOP - 1u);
    LTDC_AWCR = FIELD(LEFT + WIDTH - 1u, 16) | (TOP + HEIGHT - 1u);
    LTDC_TWCR = FIELD(LEFT + WIDTH + 31u, 16) | (TOP + HEIGHT + 1u);
}

/* Each layer's buffer has a bank of the SDRAM for itself. */
static void layer(unsigned n, enum colour_mode format) {
    const uint32_t line = WIDTH * (format == ARGB8888 ? 4u : 2u);
    LTDC_WHPCR(n) = FIELD(LEFT + WIDTH - 1u, 16) | LEFT;
    LTDC_WVPCR(n) = FIELD(TOP + HEIGHT - 1u, 16) | TOP;
    LTDC_PFCR(n) = format;
    LTDC_CFBAR(n) = SDRAM + (n - 1u) * BANK_BYTES;
    LTDC_CFBLR(n) = FIELD(line, 16) | (line + 3u);
    LTDC_CFBLNR(n) = HEIGHT;
    LTDC_CR(n) = 1;
    LTDC_SRCR = LTDC_SRCR_IMR;
}

static uint32_t errors_of_frames(void) {
    wait_milliseconds(FRAME_MILLISECONDS);
    LTDC_ICR = LTDC_FUI | LTDC_TERRI;
    errors = 0;
    LTDC_IER = LTDC_FUI | LTDC_TERRI;
    wait_milliseconds(2u * FRAME_MILLISECONDS);
    LTDC_IER = 0;
    return errors;
}

/* While DMA2D fills the third bank again and again. */
static uint32_t errors_beside_fills(void) {
    DMA2D_OPFCCR = ARGB8888;
    DMA2D_OMAR = SDRAM + 2u * BANK_BYTES;
    DMA2D_NLR = DMA2D_NLR_SIZE(512, 512);
    LTDC_ICR = LTDC_FUI | LTDC_TERRI;
    errors = 0;
    LTDC_IER = LTDC_FUI | LTDC_TERRI;
    for (unsigned i = 0; i < 4; i++) {
        DMA2D_IFCR = DMA2D_IFCR_ALL;
        DMA2D_CR = DMA2D_CR_MODE_FILL | DMA2D_CR_START;
        CYCLES_UNTIL(DMA2D_ISR & DMA2D_ISR_TCIF, 50000);
    }
    LTDC_IER = 0;
    return errors;
}

int main(void) {
    sdram_on();
    clock_on(&RCC_APB2ENR, RCC_APB2ENR_LTDCEN);
    clock_on(&RCC_AHB1ENR, RCC_AHB1ENR_DMA2DEN);
    enable_interrupt(LTDC_ER_IRQ);
    raster();
    pixel_clock(5, 1);
    layer(1, ARGB8888);
    layer(2, ARGB8888);
    CHECK("two_layers_of_32_bits_at_9_6_mhz", errors_of_frames(), 0);
    CHECK("and_beside_fills_of_the_same_memory", errors_beside_fills(), 0);
    pixel_clock(5, 0);
    CHECK("at_19_2_mhz", errors_of_frames(), 0);
    CHECK("beside_fills_they_underrun", errors_beside_fills(), LTDC_FUI);
    CHECK("and_no_longer_behind_them", errors_of_frames(), 0);
    pixel_clock(2, 0);
    CHECK("at_48_mhz_they_underrun_alone", errors_of_frames(), LTDC_FUI);
    LTDC_CR(2) = 0;
    layer(1, RGB565);
    CHECK("one_layer_of_16_bits_does_not", errors_of_frames(), 0);
    return check_verdict();
}
