/* DMA2D: fills in each output format, a copy between pitches, conversions from each input format, CLUT, alpha modes, and blending against
   the formula of section 9.3.6; the watermark, interrupts, errors, an abort, a fill's time; what memory holds while a slow fill goes on. */
#include <string.h>

#include "check.h"
#include "graphics.h"

#define WIDTH 16u
#define HEIGHT 4u
#define PIXELS (WIDTH * HEIGHT)
#define PITCH 20u
#define NOWHERE 0x30000000u
#define LARGE 64u

/* Out of the DTCM, in whole cache lines. */
#define SHARED __attribute__((section(".sram1_bss"), aligned(32)))
SHARED static uint32_t front[PIXELS], back[PIXELS], out[LARGE * LARGE];
static uint32_t wanted[PIXELS];
static volatile uint32_t interrupts, seen;

void DMA2D_IRQHandler(void);

void DMA2D_IRQHandler(void) {
    seen = DMA2D_ISR;
    DMA2D_IFCR = DMA2D_IFCR_ALL;
    interrupts++;
    dsb();
}

static uint32_t random_word(void) {
    static uint32_t state = 0x12345678;
    state ^= state << 13;
    state ^= state >> 17;
    return state ^= state << 5;
}

static void prepare(void) {
    for (uint32_t i = 0; i < PIXELS; i++) {
        front[i] = random_word();
        back[i] = random_word();
    }
    memset(out, 0xEE, sizeof out);
    clean_and_forget(front, sizeof front);
    clean_and_forget(back, sizeof back);
    clean_and_forget(out, sizeof out);
}

/* From START until a flag that ends a transfer. */
static uint32_t transferred(uint32_t mode, uint32_t size) {
    DMA2D_IFCR = DMA2D_IFCR_ALL;
    DMA2D_NLR = size;
    DMA2D_CR = mode;
    DMA2D_CR = mode | DMA2D_CR_START;
    const uint32_t cycles = CYCLES_UNTIL(DMA2D_ISR & (DMA2D_ISR_TCIF | DMA2D_ISR_TEIF | DMA2D_ISR_CEIF), 1000);
    clean_and_forget(out, sizeof out);
    return cycles;
}

static uint32_t filled(enum colour_mode format, uint32_t colour) {
    memset(out, 0xEE, sizeof out);
    clean_and_forget(out, sizeof out);
    DMA2D_OPFCCR = format;
    DMA2D_OCOLR = colour;
    DMA2D_OMAR = (uint32_t)out;
    DMA2D_OOR = PITCH - WIDTH;
    transferred(DMA2D_CR_MODE_FILL, DMA2D_NLR_SIZE(WIDTH, HEIGHT));
    const uint32_t bytes = format == ARGB8888 ? 4 : format == RGB888 ? 3 : 2;
    const uint8_t *const pixels = (const uint8_t *)out;
    uint32_t right = 0;
    for (uint32_t at = 0; at < PITCH * HEIGHT * bytes; at++) {
        const uint32_t want = at / bytes % PITCH < WIDTH ? colour >> 8u * (at % bytes) & 0xFFu : 0xEEu;
        right += pixels[at] == (uint8_t)want;
    }
    return PITCH * HEIGHT * bytes - right;
}

static void fills(void) {
    CHECK("argb8888_fills_its_rectangle_alone", filled(ARGB8888, 0x12345678), 0);
    CHECK("rgb888_does", filled(RGB888, 0x345678), 0);
    CHECK("rgb565_does", filled(RGB565, 0x5678), 0);
    CHECK("argb1555_does", filled(ARGB1555, 0x9678), 0);
    CHECK("argb4444_does", filled(ARGB4444, 0xA678), 0);
    CHECK("start_falls_by_itself", DMA2D_CR & DMA2D_CR_START, 0);
    DMA2D_OPFCCR = ARGB8888;
    DMA2D_OOR = 0;
    const uint32_t cycles = transferred(DMA2D_CR_MODE_FILL, DMA2D_NLR_SIZE(LARGE, LARGE));
    /* Two words a cycle at most, on 64 lines of the AXI. */
    CHECK_WITHIN("a_word_takes_half_a_cycle_to_four", cycles, LARGE * LARGE / 2u, 4u * LARGE * LARGE);
}

static void copy(void) {
    prepare();
    DMA2D_FGMAR = (uint32_t)(front + 2);
    DMA2D_FGOR = WIDTH - 8;
    DMA2D_FGPFCCR = ARGB8888;
    DMA2D_OMAR = (uint32_t)out;
    DMA2D_OOR = 2;
    transferred(DMA2D_CR_MODE_COPY, DMA2D_NLR_SIZE(8, HEIGHT));
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < 10 * HEIGHT; i++) {
        wrong += out[i] != (i % 10 < 8 ? front[2 + i / 10 * WIDTH + i % 10] : 0xEEEEEEEEu);
    }
    CHECK("a_copy_keeps_both_pitches", wrong, 0);
}

/* Section 9.3.4: the upper bits of a short colour are repeated in its lower ones. */
static uint32_t widened(uint32_t value, unsigned bits) {
    value <<= 8u - bits;
    return value | value >> bits | (bits < 4 ? value >> 2u * bits | value >> 3u * bits : 0);
}

static uint32_t argb(uint32_t alpha, uint32_t red, uint32_t green, uint32_t blue) {
    return alpha << 24 | red << 16 | green << 8 | blue;
}

/* Of where AL44's sixteen colours lie in the CLUT the manual speaks for LTDC only (0x00, 0x11, .. 0xFF): both places have them. */
static uint32_t fg_clut(uint32_t entry) {
    return 0xFF000000u | (entry % 17u ? entry : entry / 17u) * 0x010305u;
}

/* What a pixel of the front is in ARGB8888; A8 and A4 have the colour of FGCOLR. */
static uint32_t converted(enum colour_mode format, uint32_t i) {
    const uint8_t *const bytes = (const uint8_t *)front;
    const uint32_t half = ((const uint16_t *)front)[i], nibble = bytes[i / 2] >> 4u * (i % 2u) & 15u;
    switch (format) {
    case ARGB8888:
        return front[i];
    case RGB888:
        return argb(255, bytes[3 * i + 2], bytes[3 * i + 1], bytes[3 * i]);
    case RGB565:
        return argb(255, widened(half >> 11, 5), widened(half >> 5 & 63u, 6), widened(half & 31u, 5));
    case ARGB1555:
        return argb(half >> 15 ? 255 : 0, widened(half >> 10 & 31u, 5), widened(half >> 5 & 31u, 5), widened(half & 31u, 5));
    case ARGB4444:
        return argb(widened(half >> 12, 4), widened(half >> 8 & 15u, 4), widened(half >> 4 & 15u, 4), widened(half & 15u, 4));
    case L8:
        return fg_clut(bytes[i]);
    case AL44:
        return (fg_clut(bytes[i] & 15u) & 0xFFFFFFu) | widened(bytes[i] >> 4, 4) << 24;
    case AL88:
        return (fg_clut(half & 255u) & 0xFFFFFFu) | half >> 8 << 24;
    case L4:
        return fg_clut(nibble);
    case A8:
        return (uint32_t)bytes[i] << 24 | 0xC0FFEEu;
    default:
        return widened(nibble, 4) << 24 | 0xC0FFEEu;
    }
}

static uint32_t conversion(enum colour_mode format, uint32_t control) {
    DMA2D_FGMAR = (uint32_t)front;
    DMA2D_FGOR = 0;
    DMA2D_FGPFCCR = format | control;
    DMA2D_FGCOLR = 0xC0FFEE;
    DMA2D_OPFCCR = ARGB8888;
    DMA2D_OMAR = (uint32_t)out;
    DMA2D_OOR = 0;
    transferred(DMA2D_CR_MODE_CONVERT, DMA2D_NLR_SIZE(WIDTH, HEIGHT));
    for (uint32_t i = 0; i < PIXELS; i++) {
        wanted[i] = converted(format, i);
    }
    return first_difference(out, wanted, sizeof wanted) / 4u;
}

static void conversions(void) {
    SHARED static uint32_t clut[256];
    prepare();
    for (uint32_t i = 0; i < 256; i++) {
        clut[i] = fg_clut(i);
    }
    clean_and_forget(clut, sizeof clut);
    DMA2D_FGCMAR = (uint32_t)clut;
    DMA2D_IFCR = DMA2D_IFCR_ALL;
    DMA2D_FGPFCCR = L8 | DMA2D_PFCCR_CS(256) | DMA2D_PFCCR_START;
    CHECK("a_clut_is_loaded", CYCLES_UNTIL(DMA2D_ISR & DMA2D_ISR_CTCIF, 100) == NEVER, 0);
    CHECK("and_can_be_read", DMA2D_FGCLUT(200), fg_clut(200));
    CHECK("from_argb8888", conversion(ARGB8888, 0), PIXELS);
    CHECK("from_rgb888", conversion(RGB888, 0), PIXELS);
    CHECK("from_rgb565", conversion(RGB565, 0), PIXELS);
    CHECK("from_argb1555", conversion(ARGB1555, 0), PIXELS);
    CHECK("from_argb4444", conversion(ARGB4444, 0), PIXELS);
    CHECK("from_l8", conversion(L8, DMA2D_PFCCR_CS(256)), PIXELS);
    CHECK("from_al44", conversion(AL44, DMA2D_PFCCR_CS(256)), PIXELS);
    CHECK("from_al88", conversion(AL88, DMA2D_PFCCR_CS(256)), PIXELS);
    CHECK("from_l4", conversion(L4, DMA2D_PFCCR_CS(256)), PIXELS);
    CHECK("from_a8", conversion(A8, 0), PIXELS);
    CHECK("from_a4", conversion(A4, 0), PIXELS);
    conversion(ARGB8888, DMA2D_PFCCR_AM_REPLACE | DMA2D_PFCCR_ALPHA(0x80));
    CHECK("alpha_is_replaced", out[5], (front[5] & 0xFFFFFFu) | 0x80000000u);
    conversion(ARGB8888, DMA2D_PFCCR_AM_MULTIPLY | DMA2D_PFCCR_ALPHA(0x80));
    CHECK("or_multiplied", out[5] >> 24, (front[5] >> 24) * 0x80u / 255u);
    DMA2D_FGPFCCR = ARGB8888;
    DMA2D_OPFCCR = RGB565;
    transferred(DMA2D_CR_MODE_CONVERT, DMA2D_NLR_SIZE(WIDTH, HEIGHT));
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < PIXELS; i++) {
        const uint32_t from = front[i];
        wrong += ((const uint16_t *)out)[i] != (uint16_t)((from >> 8 & 0xF800u) | (from >> 5 & 0x07E0u) | (from >> 3 & 0x1Fu));
    }
    CHECK("to_rgb565_the_lower_bits_are_dropped", wrong, 0);
}

/* Section 9.3.6; divisions round down. */
static uint32_t blended(uint32_t fg, uint32_t bg) {
    const uint32_t af = fg >> 24, ab = bg >> 24, both = af * ab / 255u, alpha = af + ab - both;
    uint32_t pixel = alpha << 24;
    for (unsigned shift = 0; shift < 24; shift += 8) {
        const uint32_t f = fg >> shift & 255u, b = bg >> shift & 255u;
        pixel |= (alpha ? (f * af + b * ab - b * both) / alpha : 0) << shift;
    }
    return pixel;
}

static void blending(void) {
    prepare();
    DMA2D_FGMAR = (uint32_t)front;
    DMA2D_BGMAR = (uint32_t)back;
    DMA2D_FGOR = DMA2D_BGOR = DMA2D_OOR = 0;
    DMA2D_FGPFCCR = DMA2D_BGPFCCR = DMA2D_OPFCCR = ARGB8888;
    DMA2D_OMAR = (uint32_t)out;
    transferred(DMA2D_CR_MODE_BLEND, DMA2D_NLR_SIZE(WIDTH, HEIGHT));
    for (uint32_t i = 0; i < PIXELS; i++) {
        wanted[i] = blended(front[i], back[i]);
    }
    CHECK("blending_is_the_manuals_formula", first_difference(out, wanted, sizeof wanted) / 4u, PIXELS);
    DMA2D_FGPFCCR = ARGB8888 | DMA2D_PFCCR_AM_REPLACE | DMA2D_PFCCR_ALPHA(255);
    transferred(DMA2D_CR_MODE_BLEND, DMA2D_NLR_SIZE(WIDTH, HEIGHT));
    CHECK("an_opaque_front_hides_the_back", out[7] & 0xFFFFFFu, front[7] & 0xFFFFFFu);
}

static void events(void) {
    enable_interrupt(DMA2D_IRQ);
    interrupts = 0;
    DMA2D_LWR = 2;
    DMA2D_OPFCCR = ARGB8888;
    DMA2D_OMAR = (uint32_t)out;
    DMA2D_IFCR = DMA2D_IFCR_ALL;
    DMA2D_NLR = DMA2D_NLR_SIZE(WIDTH, HEIGHT);
    DMA2D_CR = DMA2D_CR_MODE_FILL | DMA2D_CR_TCIE | DMA2D_CR_START;
    CYCLES_UNTIL(interrupts, 100);
    DMA2D_CR = 0;
    disable_interrupt(DMA2D_IRQ);
    CHECK("the_end_interrupts_once", interrupts, 1);
    CHECK("the_watermark_came_before", seen & (DMA2D_ISR_TCIF | DMA2D_ISR_TWIF), DMA2D_ISR_TCIF | DMA2D_ISR_TWIF);
    DMA2D_OMAR = NOWHERE;
    transferred(DMA2D_CR_MODE_FILL, DMA2D_NLR_SIZE(WIDTH, HEIGHT));
    CHECK("a_bus_error_is_teif", DMA2D_ISR & (DMA2D_ISR_TEIF | DMA2D_ISR_TCIF), DMA2D_ISR_TEIF);
    DMA2D_OMAR = (uint32_t)out + 1u;
    transferred(DMA2D_CR_MODE_FILL, DMA2D_NLR_SIZE(WIDTH, HEIGHT));
    CHECK("an_unaligned_address_is_ceif", DMA2D_ISR & (DMA2D_ISR_CEIF | DMA2D_ISR_TCIF), DMA2D_ISR_CEIF);
    DMA2D_OMAR = (uint32_t)out;
    DMA2D_IFCR = DMA2D_IFCR_ALL;
    DMA2D_NLR = DMA2D_NLR_SIZE(LARGE, LARGE);
    DMA2D_CR = DMA2D_CR_MODE_FILL | DMA2D_CR_START;
    DMA2D_CR |= DMA2D_CR_ABORT;
    CYCLES_UNTIL((DMA2D_CR & DMA2D_CR_START) == 0, 100);
    wait_cycles(4u * LARGE * LARGE);
    CHECK("abort_ends_a_transfer_without_tcif", (DMA2D_CR & DMA2D_CR_START) | (DMA2D_ISR & DMA2D_ISR_TCIF), 0);
}

/* Words of the large fill that are in memory. */
static uint32_t written(void) {
    uint32_t count = 0;
    clean_and_forget(out, sizeof out);
    for (uint32_t i = 0; i < LARGE * LARGE; i++) {
        count += out[i] == 0x600DF111u;
    }
    return count;
}

/* A fill that takes its time: with 255 cycles between its accesses five milliseconds, less than a few printed lines. */
static void begin(uint32_t watermark) {
    memset(out, 0, sizeof out);
    clean_and_forget(out, sizeof out);
    DMA2D_AMTCR = DMA2D_AMTCR_DT(255) | DMA2D_AMTCR_EN;
    DMA2D_OPFCCR = ARGB8888;
    DMA2D_OCOLR = 0x600DF111u;
    DMA2D_OMAR = (uint32_t)out;
    DMA2D_OOR = 0;
    DMA2D_LWR = watermark;
    DMA2D_NLR = DMA2D_NLR_SIZE(LARGE, LARGE);
    DMA2D_IFCR = DMA2D_IFCR_ALL;
    DMA2D_CR = DMA2D_CR_MODE_FILL | DMA2D_CR_START;
}

static void progress(void) {
    const uint32_t line = 16;
    begin(line);
    DMA2D_OMAR = NOWHERE;
    const uint32_t target = DMA2D_OMAR, watermark = CYCLES_UNTIL(DMA2D_ISR & DMA2D_ISR_TWIF, 10000);
    const uint32_t count = written(), top = out[line * LARGE - 1u], end = out[LARGE * LARGE - 1u];
    DMA2D_CR |= DMA2D_CR_SUSP;
    wait_microseconds(10);
    const uint32_t suspended = written();
    wait_microseconds(5000);
    const uint32_t later = written(), started = DMA2D_CR & DMA2D_CR_START;
    DMA2D_CR &= ~DMA2D_CR_SUSP;
    const uint32_t rest = CYCLES_UNTIL(DMA2D_ISR & DMA2D_ISR_TCIF, 10000);
    CHECK("its_registers_are_read_only_meanwhile", target, (uint32_t)out);
    CHECK_WITHIN("the_watermark_comes_with_its_line", watermark, line * LARGE * 255u, line * LARGE * 265u);
    CHECK_WITHIN("which_is_in_memory_then_and_not_much_more", count, line * LARGE, (line + 8u) * LARGE);
    CHECK("from_the_top", top, 0x600DF111);
    CHECK("to_an_end_that_is_not", end, 0);
    CHECK("a_suspended_fill_stands", later, suspended);
    CHECK("and_is_not_over", started, DMA2D_CR_START);
    CHECK("it_goes_on_to_its_end", rest == NEVER ? 0 : written(), LARGE * LARGE);

    begin(line);
    CYCLES_UNTIL(DMA2D_ISR & DMA2D_ISR_TWIF, 10000);
    DMA2D_CR |= DMA2D_CR_ABORT;
    const uint32_t ended = CYCLES_UNTIL((DMA2D_CR & DMA2D_CR_START) == 0, 100);
    wait_microseconds(1000);
    CHECK("an_abort_ends_it", ended == NEVER, 0);
    CHECK_WITHIN("where_it_was", written(), line * LARGE, (line + 1u) * LARGE);
    DMA2D_AMTCR = 0;
    DMA2D_LWR = 0;
}

int main(void) {
    clock_on(&RCC_AHB1ENR, RCC_AHB1ENR_DMA2DEN);
    fills();
    copy();
    conversions();
    blending();
    events();
    progress();
    return check_verdict();
}
