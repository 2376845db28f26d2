/* RK043FN48H behind the LTDC: RM0385 chapter 18; the panel's data sheet for its timing. */
#include "lcd.h"

#include "devices.h"
#include "font.h"
#include "pins.h"
#include "sdram.h"

#define HSYNC 41u
#define HBP 13u
#define HFP 32u
#define VSYNC 10u
#define VBP 2u
#define VFP 2u
#define AF9 9u
#define AF14 14u
/* 25 MHz / 25 x 192 / 5 / 4 = 9.6 MHz a pixel. */
#define PLLSAI_N 192u
#define PLLSAI_Q 4u
#define PLLSAI_R 5u
#define PLLSAI_R_DIV4 1u

static uint16_t *const layer = (uint16_t *)SDRAM;

static void pins_init(void) {
    pins_alternate(GPIOE, 1u << 4, AF14, NO_PULL, 0);
    pins_alternate(GPIOG, 1u << 12, AF9, NO_PULL, 0);
    pins_alternate(GPIOI, 0xC600u, AF14, NO_PULL, 0);
    pins_alternate(GPIOJ, 0xEFFFu, AF14, NO_PULL, 0);
    pins_alternate(GPIOK, 0x00F7u, AF14, NO_PULL, 0);
    pin_output(GPIOI, 12, 1);
    pin_output(GPIOK, 3, 1);
}

static void pixel_clock_init(void) {
    RCC_PLLSAICFGR = FIELD(PLLSAI_N, 6) | FIELD(PLLSAI_Q, 24) | FIELD(PLLSAI_R, 28);
    RCC_DCKCFGR1 = (RCC_DCKCFGR1 & ~RCC_DCKCFGR1_PLLSAIDIVR) | FIELD(PLLSAI_R_DIV4, 16);
    RCC_CR |= RCC_CR_PLLSAION;
    while ((RCC_CR & RCC_CR_PLLSAIRDY) == 0) {
    }
}

static uint32_t both(uint32_t horizontal, uint32_t vertical) {
    return FIELD(horizontal - 1u, 16) | (vertical - 1u);
}

static void timing_init(void) {
    LTDC_SSCR = both(HSYNC, VSYNC);
    LTDC_BPCR = both(HSYNC + HBP, VSYNC + VBP);
    LTDC_AWCR = both(HSYNC + HBP + LCD_WIDTH, VSYNC + VBP + LCD_HEIGHT);
    LTDC_TWCR = both(HSYNC + HBP + LCD_WIDTH + HFP, VSYNC + VBP + LCD_HEIGHT + VFP);
    LTDC_BCCR = 0;
}

static void layer_init(void) {
    const uint32_t bytes = 2u * LCD_WIDTH;
    LTDC_L1WHPCR = FIELD(HSYNC + HBP + LCD_WIDTH - 1u, 16) | (HSYNC + HBP);
    LTDC_L1WVPCR = FIELD(VSYNC + VBP + LCD_HEIGHT - 1u, 16) | (VSYNC + VBP);
    LTDC_L1PFCR = LTDC_PFCR_RGB565;
    LTDC_L1CACR = 255;
    LTDC_L1BFCR = LTDC_BFCR_CONSTANT_ALPHA;
    LTDC_L1CFBAR = (uint32_t)layer;
    LTDC_L1CFBLR = FIELD(bytes, 16) | (bytes + 3u);
    LTDC_L1CFBLNR = LCD_HEIGHT;
    LTDC_L1CR = LTDC_LCR_LEN;
}

void lcd_init(uint16_t colour) {
    pins_init();
    pixel_clock_init();
    RCC_APB2ENR |= RCC_APB2ENR_LTDCEN;
    (void)RCC_APB2ENR;
    lcd_fill(0, 0, LCD_WIDTH, LCD_HEIGHT, colour);
    timing_init();
    layer_init();
    LTDC_SRCR = LTDC_SRCR_IMR;
    LTDC_GCR |= LTDC_GCR_LTDCEN;
}

void lcd_fill(unsigned x, unsigned y, unsigned width, unsigned height, uint16_t colour) {
    for (unsigned row = y; row < y + height; row++) {
        uint16_t *const line = layer + row * LCD_WIDTH + x;
        for (unsigned i = 0; i < width; i++) {
            line[i] = colour;
        }
    }
}

void lcd_picture(unsigned x, unsigned y, const uint16_t *pixels, unsigned width, unsigned height, unsigned scale) {
    for (unsigned row = 0; row < height * scale; row++) {
        const uint16_t *const from = pixels + row / scale * width;
        uint16_t *to = layer + (y + row) * LCD_WIDTH + x;
        for (unsigned column = 0; column < width; column++) {
            for (unsigned i = 0; i < scale; i++) {
                *to++ = from[column];
            }
        }
    }
}

unsigned lcd_text(unsigned x, unsigned y, unsigned scale, uint16_t colour, uint16_t background, const char *text) {
    for (; *text; text++) {
        const char *const glyph = font_glyph(*text);
        for (unsigned row = 0; row < FONT_HEIGHT; row++) {
            for (unsigned column = 0; column < FONT_WIDTH; column++) {
                const int ink = glyph[row * FONT_WIDTH + column] == '#';
                lcd_fill(x + column * scale, y + row * scale, scale, scale, ink ? colour : background);
            }
        }
        lcd_fill(x + FONT_WIDTH * scale, y, scale, FONT_HEIGHT * scale, background);
        x += (FONT_WIDTH + 1u) * scale;
    }
    return x;
}
