/* LTDC: the raster's times by line interrupts, position and status, shadow registers and their reloads, errors, and a picture of two layers to be looked at. */
#include "check.h"
#include "clocks.h"
#include "pins.h"

#define LTDC_IER REG32(0x40016834u)
#define LTDC_ISR REG32(0x40016838u)
#define LTDC_ICR REG32(0x4001683Cu)
#define LTDC_LI (1u << 0)
#define LTDC_FUI (1u << 1)
#define LTDC_TERRI (1u << 2)
#define LTDC_RRI (1u << 3)
#define LTDC_LIPCR REG32(0x40016840u)
#define LTDC_CPSR REG32(0x40016844u)
#define LTDC_CDSR REG32(0x40016848u)
#define LTDC_CDSR_VDES (1u << 0)
#define LTDC_CDSR_HDES (1u << 1)
#define LTDC_CDSR_VSYNCS (1u << 2)
#define LTDC_CDSR_HSYNCS (1u << 3)
#define LTDC_GCR_DEN (1u << 16)
#define LTDC_LAYER(n, offset) REG32(0x40016800u + 0x80u * (n) + (offset))
#define LTDC_CR(n) LTDC_LAYER(n, 0x04u)
#define LTDC_CR_LEN (1u << 0)
#define LTDC_CR_COLKEN (1u << 1)
#define LTDC_CR_CLUTEN (1u << 4)
#define LTDC_WHPCR(n) LTDC_LAYER(n, 0x08u)
#define LTDC_WVPCR(n) LTDC_LAYER(n, 0x0Cu)
#define LTDC_CKCR(n) LTDC_LAYER(n, 0x10u)
#define LTDC_PFCR(n) LTDC_LAYER(n, 0x14u)
#define LTDC_CACR(n) LTDC_LAYER(n, 0x18u)
#define LTDC_DCCR(n) LTDC_LAYER(n, 0x1Cu)
#define LTDC_BFCR(n) LTDC_LAYER(n, 0x20u)
#define LTDC_CFBAR(n) LTDC_LAYER(n, 0x2Cu)
#define LTDC_CFBLR(n) LTDC_LAYER(n, 0x30u)
#define LTDC_CFBLNR(n) LTDC_LAYER(n, 0x34u)
#define LTDC_CLUTWR(n) LTDC_LAYER(n, 0x44u)
#define RGB565 2u
#define L8 5u
#define PIXEL_TIMES_CONSTANT_ALPHA 0x0607u
#define LTDC_IRQ 88u
#define LTDC_ER_IRQ 89u

/* The panel RK043FN48H. */
#define WIDTH 480u
#define HEIGHT 272u
#define HSYNC 41u
#define HBP 13u
#define HFP 32u
#define VSYNC 10u
#define VBP 2u
#define VFP 2u
#define TOTAL_WIDTH (HSYNC + HBP + WIDTH + HFP)
#define TOTAL_HEIGHT (VSYNC + VBP + HEIGHT + VFP)
#define BLANKING_LINE (VSYNC + VBP + HEIGHT)
/* 25 MHz / 25 x 192 / 5 / 4 = 9.6 MHz a pixel: 22.5 cycles. */
#define CYCLES(pixels) ((pixels) * 45u / 2u)
#define FRAME_MILLISECONDS 17u

#define HALF (WIDTH / 2u)
#define BACKGROUND 0x204060u
#define KEY_COLUMN 7u
#define NOWHERE 0x30000000u

static uint8_t indexed[HEIGHT][HALF];
static uint16_t coloured[HEIGHT][HALF];
static volatile uint32_t lines, reloads, errors, line_cycle, line_position, reload_position;

void LTDC_IRQHandler(void);
void LTDC_ER_IRQHandler(void);

void LTDC_IRQHandler(void) {
    const uint32_t now = board_cycles(), position = LTDC_CPSR & 0xFFFFu, flags = LTDC_ISR;
    if (flags & LTDC_LI) {
        line_cycle = now;
        line_position = position;
        lines++;
    }
    if (flags & LTDC_RRI) {
        reload_position = position;
        reloads++;
    }
    LTDC_ICR = LTDC_LI | LTDC_RRI;
    dsb();
}

void LTDC_ER_IRQHandler(void) {
    errors |= LTDC_ISR & (LTDC_FUI | LTDC_TERRI);
    LTDC_IER = 0;
    LTDC_ICR = LTDC_FUI | LTDC_TERRI;
    dsb();
}

static uint32_t both(uint32_t horizontal, uint32_t vertical) {
    return FIELD(horizontal - 1u, 16) | (vertical - 1u);
}

static void panel_on(void) {
    pins_alternate(GPIOE, 1u << 4, 14, NO_PULL, 0);
    pins_alternate(GPIOG, 1u << 12, 9, NO_PULL, 0);
    pins_alternate(GPIOI, 0xC600u, 14, NO_PULL, 0);
    pins_alternate(GPIOJ, 0xEFFFu, 14, NO_PULL, 0);
    pins_alternate(GPIOK, 0x00F7u, 14, NO_PULL, 0);
    pin_mode(GPIOI, 12, OUTPUT);
    pin_write(GPIOI, 12, 1);
    pin_mode(GPIOK, 3, OUTPUT);
    pin_write(GPIOK, 3, 1);
    RCC_PLLSAICFGR = FIELD(192, 6) | FIELD(4, 24) | FIELD(5, 28);
    RCC_DCKCFGR1 = (RCC_DCKCFGR1 & ~RCC_DCKCFGR1_PLLSAIDIVR) | FIELD(1, 16);
    RCC_CR |= RCC_CR_PLLSAION;
    CHECK("pllsai_locks", CYCLES_UNTIL(RCC_CR & RCC_CR_PLLSAIRDY, 1000) != NEVER, 1);
    clock_on(&RCC_APB2ENR, RCC_APB2ENR_LTDCEN);
}

static void raster(void) {
    CHECK("gcr_at_reset", LTDC_GCR, 0x2220);
    LTDC_SSCR = both(HSYNC, VSYNC);
    LTDC_BPCR = both(HSYNC + HBP, VSYNC + VBP);
    LTDC_AWCR = both(HSYNC + HBP + WIDTH, VSYNC + VBP + HEIGHT);
    LTDC_TWCR = both(TOTAL_WIDTH, TOTAL_HEIGHT);
    LTDC_BCCR = BACKGROUND;
    LTDC_GCR |= LTDC_GCR_LTDCEN;
    CHECK("the_total_size_reads_back", LTDC_TWCR, both(TOTAL_WIDTH, TOTAL_HEIGHT));
}

/* Asleep, until an interrupt has counted on; 0 where none does for two frames. */
static uint32_t counts(const volatile uint32_t *counter, uint32_t before) {
    for (uint32_t ticks = 0; ticks < 2u * FRAME_MILLISECONDS && *counter == before; ticks++) {
        wfi();
    }
    return *counter != before;
}

static uint32_t wait_for_line(uint32_t line) {
    const uint32_t before = lines;
    LTDC_LIPCR = line;
    return counts(&lines, before);
}

static void times(void) {
    LTDC_ICR = LTDC_LI;
    LTDC_IER = LTDC_LI;
    CHECK("a_line_interrupts", wait_for_line(20), 1);
    CHECK("at_its_line", line_position, 20);
    const uint32_t first = line_cycle;
    CHECK("a_later_line_interrupts", wait_for_line(120), 1);
    CHECK_WITHIN("a_hundred_lines", line_cycle - first, CYCLES(100u * TOTAL_WIDTH) - LOOK, CYCLES(100u * TOTAL_WIDTH) + LOOK);
    const uint32_t second = line_cycle;
    CHECK("the_same_line_comes_again", wait_for_line(120), 1);
    const uint32_t frame = CYCLES(TOTAL_HEIGHT * TOTAL_WIDTH);
    CHECK_WITHIN("a_frame", line_cycle - second, frame - LOOK, frame + LOOK);
    LTDC_IER = 0;
}

/* What CDSR should be at a position. */
static uint32_t status(uint32_t position) {
    const uint32_t x = position >> 16, y = position & 0xFFFFu;
    const uint32_t hde = x >= HSYNC + HBP && x < HSYNC + HBP + WIDTH, vde = y >= VSYNC + VBP && y < BLANKING_LINE;
    return (x < HSYNC) << 3 | (y < VSYNC) << 2 | hde << 1 | vde;
}

/* Some hundred looks, spread over some frames: where the status is the same before and behind its read, it is what is read between. */
static void phases(void) {
    uint32_t wrong = 0, high = 0, low = 0, looks = 0;
    for (uint32_t i = 0; i < 600; i++) {
        wait_cycles(15013);
        const uint32_t before = LTDC_CPSR, now = LTDC_CDSR, behind = LTDC_CPSR;
        if (status(before) == status(behind) && ((before ^ behind) & 0xFFFFu) == 0) {
            wrong += now != status(before);
            high |= now;
            low |= ~now;
            looks++;
        }
    }
    CHECK("the_status_is_that_of_the_position", wrong, 0);
    CHECK("every_phase_was_seen", high & low & 15u, 15);
    CHECK_WITHIN("many_times", looks, 300, 600);
    LTDC_GCR |= LTDC_GCR_DEN;
    CHECK("dithering_has_two_bits_a_colour", LTDC_GCR & (LTDC_GCR_DEN | 0x7770u), LTDC_GCR_DEN | 0x2220u);
    LTDC_GCR &= ~LTDC_GCR_DEN;
}

static void window(unsigned layer, uint32_t left, uint32_t width, uint32_t format, uint32_t pixel_bytes, const void *pixels) {
    LTDC_WHPCR(layer) = FIELD(HSYNC + HBP + left + width - 1u, 16) | (HSYNC + HBP + left);
    LTDC_WVPCR(layer) = FIELD(VSYNC + VBP + HEIGHT - 1u, 16) | (VSYNC + VBP);
    LTDC_PFCR(layer) = format;
    LTDC_DCCR(layer) = 0;
    LTDC_CFBAR(layer) = (uint32_t)pixels;
    LTDC_CFBLR(layer) = FIELD(pixel_bytes * width, 16) | (pixel_bytes * width + 3u);
    LTDC_CFBLNR(layer) = HEIGHT;
}

static void pixels(void) {
    for (uint32_t y = 0; y < HEIGHT; y++) {
        for (uint32_t x = 0; x < HALF; x++) {
            indexed[y][x] = (uint8_t)x;
            coloured[y][x] = (uint16_t)((x & 31u) << 11 | (y & 63u) << 5 | ((x ^ y) & 31u));
        }
    }
    clean_and_forget(indexed, sizeof indexed);
    clean_and_forget(coloured, sizeof coloured);
    for (uint32_t i = 0; i < 256u; i++) {
        LTDC_CLUTWR(1) = FIELD(i, 24) | FIELD(i, 16) | FIELD(255u - i, 8) | i / 2u;
    }
}

static void shadows(void) {
    window(1, 0, HALF, L8, 1, indexed);
    LTDC_CACR(1) = 255;
    LTDC_BFCR(1) = PIXEL_TIMES_CONSTANT_ALPHA;
    LTDC_CKCR(1) = FIELD(KEY_COLUMN, 16) | FIELD(255u - KEY_COLUMN, 8) | KEY_COLUMN / 2u;
    LTDC_CR(1) = LTDC_CR_LEN | LTDC_CR_COLKEN | LTDC_CR_CLUTEN;
    CHECK("a_layer_works_as_before_until_the_reload", LTDC_CFBAR(1), 0);
    LTDC_SRCR = LTDC_SRCR_IMR;
    CHECK("an_immediate_reload_is_one", LTDC_CFBAR(1), (uint32_t)indexed);
    CHECK("its_bit_falls_by_itself", LTDC_SRCR, 0);

    window(2, HALF, HALF, RGB565, 2, coloured);
    LTDC_CACR(2) = 128;
    LTDC_BFCR(2) = PIXEL_TIMES_CONSTANT_ALPHA; /* so that its default colour, whose alpha is 0, hides nothing outside its window */
    LTDC_CR(2) = LTDC_CR_LEN;
    LTDC_ICR = LTDC_RRI;
    LTDC_IER = LTDC_LI;
    wait_for_line(100);
    LTDC_IER = LTDC_RRI;
    LTDC_SRCR = LTDC_SRCR_VBR;
    CHECK("a_reload_at_blanking_waits", LTDC_CFBAR(2), 0);
    CHECK("and_comes", counts(&reloads, 0), 1);
    CHECK("behind_the_last_line", reload_position, BLANKING_LINE);
    CHECK("then_it_works", LTDC_CFBAR(2), (uint32_t)coloured);
    CHECK("and_its_bit_is_clear", LTDC_SRCR, 0);
}

static uint32_t error_of(uint32_t source) {
    LTDC_SRCR = LTDC_SRCR_IMR;
    LTDC_ICR = LTDC_FUI | LTDC_TERRI;
    errors = 0;
    LTDC_IER = source;
    wait_milliseconds(2u * FRAME_MILLISECONDS);
    return errors;
}

static void failures(void) {
    CHECK("two_layers_make_no_error", error_of(LTDC_FUI | LTDC_TERRI), 0);
    LTDC_CFBLNR(2) = HEIGHT - 1u;
    CHECK("a_line_too_few_is_an_underrun", error_of(LTDC_FUI), LTDC_FUI);
    LTDC_CFBLNR(2) = HEIGHT;
    LTDC_CFBAR(2) = NOWHERE;
    CHECK("where_nothing_is_the_transfer_fails", error_of(LTDC_TERRI), LTDC_TERRI);
    LTDC_CFBAR(2) = (uint32_t)coloured;
    CHECK("and_then_there_is_no_error_again", error_of(LTDC_FUI | LTDC_TERRI), 0);
}

int main(void) {
    enable_interrupt(LTDC_IRQ);
    enable_interrupt(LTDC_ER_IRQ);
    panel_on();
    raster();
    times();
    phases();
    pixels();
    shadows();
    failures();
    return check_verdict();
}
