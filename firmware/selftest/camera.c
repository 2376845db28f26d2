/* The OV9655 through DCMI: frame rates by VSYNC interrupts, an overrun where DMA is off or stops, and a whole frame where it is not. */
#include "../image_recognition_demo/devices.h"
#include "../image_recognition_demo/i2c.h"
#include "../image_recognition_demo/ov9655.h"
#include "../image_recognition_demo/sensor.h"
#include "board.h"
#include "clock.h"
#include "selftest.h"

#define CLKRC 0x11u
#define EXHCL 0x2Bu
#define DBLV 0x6Bu
#define POIDX 0x72u
#define PCKDV 0x73u
#define DM_LNL 0x92u

#define DCMI_SR REG32(0x50050004u)
#define DCMI_SR_FNE (1u << 2)
#define DCMI_VSYNC (1u << 3)
#define DCMI_IRQ 78u

#define RECORDED 4u
#define PIXELS (160u * 120u)
#define WORDS (PIXELS / 2u)

static uint16_t frame[PIXELS] __attribute__((aligned(32)));
static volatile uint32_t stamps[RECORDED];
static volatile uint32_t vsyncs, overruns, seen_with_overrun;

void DCMI_IRQHandler(void);

void DCMI_IRQHandler(void) {
    const uint32_t now = board_cycles(), pending = DCMI_MIS;
    if (pending & DCMI_VSYNC) {
        if (vsyncs < RECORDED) {
            stamps[vsyncs] = now;
        }
        vsyncs++;
    }
    if (pending & DCMI_OVR) {
        overruns++;
        seen_with_overrun = DCMI_RIS;
    }
    DCMI_ICR = pending;
    dsb();
}

static int set(uint8_t reg, uint8_t value) {
    return i2c_write(I2C1, OV9655, reg, value);
}

static void frames_take(const char *text, uint32_t cycles) {
    vsyncs = 0;
    DCMI_ICR = DCMI_ICR_ALL;
    DCMI_IER = DCMI_VSYNC;
    while (vsyncs < RECORDED) {
        wfi();
    }
    DCMI_IER = 0;
    /* The first frame may have begun before the registers were written. */
    const uint32_t period = (stamps[RECORDED - 1u] - stamps[1]) / (RECORDED - 2u);
    printf("period %lu\n", (unsigned long)period);
    claim(text, period - (cycles - cycles / 1000u) <= 2u * (cycles / 1000u));
}

static void rates(void) {
    frames_take("at 24 MHz of PCLK, 30 frames a second", CORE_HZ / 30u);
    set(CLKRC, 0x03);
    frames_take("CLKRC 3: half of them", CORE_HZ / 15u);
    set(CLKRC, 0x01);
    set(DBLV, 0x9A);
    frames_take("the PLL by 6: 45 a second", CORE_HZ / 45u);
    set(DBLV, 0x5A);
    set(DM_LNL, 250);
    frames_take("250 dummy lines behind 500: 20 a second", CORE_HZ / 20u);
    set(DM_LNL, 0);
    set(EXHCL, 160);
    frames_take("160 dummy pixels in a line of 1600: a tenth longer", CORE_HZ / 300u * 11u);
    set(EXHCL, 0);
    set(POIDX, 0x11);
    set(PCKDV, 0x01);
    frames_take("twice the size, as often", CORE_HZ / 30u);
    set(POIDX, 0x22);
    set(PCKDV, 0x02);
}

static void wait_for_interrupt_or(uint32_t flags) {
    while (overruns == 0 && (DCMI_RIS & flags) == 0) {
        wfi();
    }
}

static void overruns_without_dma(void) {
    DMA2_S1CR = 0;
    overruns = 0;
    DCMI_ICR = DCMI_ICR_ALL;
    DCMI_IER = DCMI_OVR;
    DCMI_CR |= DCMI_CR_CAPTURE;
    wait_for_interrupt_or(DCMI_FRAME);
    claim_equal("without DMA the overrun interrupts", overruns, 1);
    claim("its flag is set then, and no frame's end", (seen_with_overrun & (DCMI_OVR | DCMI_FRAME)) == DCMI_OVR);
    claim("and falls when it is cleared", (DCMI_RIS & DCMI_OVR) == 0);
    claim("the FIFO is empty", (DCMI_SR & DCMI_SR_FNE) == 0);
    claim("and the snapshot over", (DCMI_CR & DCMI_CR_CAPTURE) == 0);
}

static void overruns_without_interrupt(void) {
    DCMI_IER = 0;
    DCMI_ICR = DCMI_ICR_ALL;
    DCMI_CR |= DCMI_CR_CAPTURE;
    while ((DCMI_RIS & (DCMI_OVR | DCMI_FRAME)) == 0) {
    }
    claim_equal("where the interrupt is off its flag tells it", DCMI_RIS & DCMI_OVR, DCMI_OVR);
    claim_equal("and no interrupt comes", overruns, 1);
}

static void dma_start(uint32_t words) {
    DMA2_S1CR = 0;
    while (DMA2_S1CR & DMA_CR_EN) {
    }
    DMA2_LIFCR = DMA_LIFCR_STREAM1;
    DMA2_S1PAR = DCMI_DR_ADDRESS;
    DMA2_S1M0AR = (uint32_t)frame;
    DMA2_S1NDTR = words;
    DMA2_S1FCR = DMA_FCR_DMDIS | DMA_FCR_FTH_FULL;
    DMA2_S1CR = DMA_CR_CHSEL(1) | DMA_CR_PL_HIGH | DMA_CR_MSIZE_WORD | DMA_CR_PSIZE_WORD | DMA_CR_MINC;
    DMA2_S1CR |= DMA_CR_EN;
}

/* What the D-cache holds of the frame is older than what DMA writes. */
static void forget_cached(void) {
    for (uint32_t line = (uint32_t)frame; line < (uint32_t)frame + sizeof frame; line += 32u) {
        DCIMVAC = line;
    }
    dsb();
}

static void capture(uint32_t words) {
    forget_cached();
    dma_start(words);
    overruns = 0;
    DCMI_ICR = DCMI_ICR_ALL;
    DCMI_IER = DCMI_OVR;
    DCMI_CR |= DCMI_CR_CAPTURE;
    wait_for_interrupt_or(DCMI_FRAME);
    DCMI_IER = 0;
    forget_cached();
}

static void takes_a_frame_with_dma(void) {
    capture(WORDS);
    claim_equal("with DMA a frame ends, and no overrun is told", DCMI_RIS & (DCMI_OVR | DCMI_FRAME), DCMI_FRAME);
    claim_equal("nor interrupts", overruns, 0);
    while ((DMA2_LISR & (DMA_LISR_TCIF1 | DMA_LISR_TEIF1)) == 0) {
    }
    claim_equal("the stream has counted to 0", DMA2_S1NDTR, 0);
    claim_equal("its first pixel is white", frame[0], 0xFFFF);
    claim_equal("its last pixel is black", frame[PIXELS - 1u], 0);
}

static void overruns_when_dma_stops(void) {
    capture(WORDS / 2u);
    claim_equal("a stream that ends in the midst of a frame leads to an overrun", overruns, 1);
    claim_equal("behind the words that it took", DMA2_S1NDTR, 0);
}

int main(void) {
    claim_equal("a sensor answers", (uint32_t)sensor_init(), 0);
    RCC_AHB1ENR |= RCC_AHB1ENR_DMA2EN;
    RCC_AHB2ENR |= RCC_AHB2ENR_DCMIEN;
    (void)RCC_AHB2ENR;
    DCMI_CR = DCMI_CR_PCKPOL_RISING | DCMI_CR_VSPOL_HIGH | DCMI_CR_CM_SNAPSHOT;
    DCMI_CR |= DCMI_CR_ENABLE;
    enable_interrupt(DCMI_IRQ);
    rates();
    overruns_without_dma();
    overruns_without_interrupt();
    takes_a_frame_with_dma();
    overruns_when_dma_stops();
    return verdict();
}
