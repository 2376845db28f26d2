/* DCMI with the board's OV9655 at 160 x 120 in RGB565 and DMA2 stream 1: a snapshot, its interrupts, a crop that equals its part of the
   whole, continuous frames at 30 a second, an overrun with the DMA off. */
#include "check.h"
#include "dma.h"
#include "graphics.h"
#include "pins.h"
#include "serial.h"

#define SENSOR 0x30u
#define AF4 4u
#define AF13 13u
#define WIDTH 160u
#define HEIGHT 120u
#define CROP_X 32u
#define CROP_Y 16u
#define CROP_WIDTH 64u
#define CROP_HEIGHT 48u
#define STREAM 1u
#define MODE (DCMI_CR_PCKPOL_RISING | DCMI_CR_VSPOL_HIGH)
#define FRAME_CYCLES (CORE_HZ / 30u)

/* Read by the test, too. */
uint16_t frame[HEIGHT][WIDTH];
static uint16_t crop[CROP_HEIGHT][CROP_WIDTH];
static volatile uint32_t frames, line_starts, vsyncs, overruns, vsync_at, vsync_period, lines_between;

void DCMI_IRQHandler(void);

void DCMI_IRQHandler(void) {
    const uint32_t now = board_cycles(), status = DCMI_MIS;
    DCMI_ICR = status;
    frames += (status & DCMI_FRAME) != 0;
    line_starts += (status & DCMI_LINE) != 0;
    if (status & DCMI_VSYNC) {
        vsync_period = now - vsync_at;
        vsync_at = now;
        lines_between = line_starts;
        line_starts = 0;
        vsyncs++;
    }
    if (status & DCMI_OVR) {
        overruns++;
        DCMI_IER &= ~DCMI_OVR;
    }
    dsb();
}

/* 0 where the sensor acknowledges all three bytes. */
static uint32_t set(uint8_t reg, uint8_t value) {
    I2C_CR2(I2C1) = I2C_CR2_SADD(SENSOR) | I2C_CR2_NBYTES(2) | I2C_CR2_AUTOEND | I2C_CR2_START;
    CYCLES_UNTIL(I2C_ISR(I2C1) & (I2C_ISR_TXIS | I2C_ISR_NACKF), 1000);
    I2C_TXDR(I2C1) = reg;
    CYCLES_UNTIL(I2C_ISR(I2C1) & (I2C_ISR_TXIS | I2C_ISR_NACKF), 1000);
    I2C_TXDR(I2C1) = value;
    CYCLES_UNTIL(I2C_ISR(I2C1) & I2C_ISR_STOPF, 1000);
    const uint32_t refused = I2C_ISR(I2C1) & I2C_ISR_NACKF;
    I2C_ICR(I2C1) = I2C_ISR_STOPF | I2C_ISR_NACKF;
    return refused;
}

/* As the demo has it: VGA at 30 frames a second in RGB565, a fourth of it each way. */
static uint32_t sensor(void) {
    static const uint8_t settings[][2] = {
        {0x11, 0x01}, {0x6B, 0x5A}, {0x12, 0x63}, {0x40, 0xD0}, {0x72, 0x22}, {0x73, 0x02},
    };
    pins_alternate(GPIOA, 1u << 4 | 1u << 6, AF13, PULL_UP, 0);
    pins_alternate(GPIOD, 1u << 3, AF13, PULL_UP, 0);
    pins_alternate(GPIOE, 1u << 5 | 1u << 6, AF13, PULL_UP, 0);
    pins_alternate(GPIOG, 1u << 9, AF13, NO_PULL, 0);
    pins_alternate(GPIOH, 0x5E00u, AF13, NO_PULL, 0);
    pins_alternate(GPIOB, 1u << 8 | 1u << 9, AF4, NO_PULL, 1);
    pin_mode(GPIOH, 13, OUTPUT);
    pin_write(GPIOH, 13, 0);
    wait_milliseconds(10);
    RCC_DCKCFGR2 |= RCC_DCKCFGR2_I2C1SEL_HSI;
    clock_on(&RCC_APB1ENR, RCC_APB1ENR_I2C1EN);
    I2C_TIMINGR(I2C1) = TIMING_100_KHZ;
    I2C_CR1(I2C1) = I2C_CR1_PE;
    uint32_t refused = set(0x12, 0x80);
    wait_milliseconds(10);
    for (unsigned i = 0; i < sizeof settings / sizeof *settings; i++) {
        refused |= set(settings[i][0], settings[i][1]);
    }
    return refused;
}

static void start(void *to, uint32_t bytes, uint32_t control, uint32_t interrupts) {
    DCMI_IER = 0;
    DCMI_CR = MODE | control;
    DCMI_ICR = DCMI_ICR_ALL;
    frames = line_starts = vsyncs = overruns = 0;
    if (to) {
        dma_start(
            DMA2, STREAM, DCMI_DR_ADDRESS, to, bytes / 4u, DMA_SFCR_DMDIS | DMA_SFCR_FTH(3),
            DMA_SCR_CHSEL(1) | DMA_SCR_PL(2) | DMA_SCR_MSIZE(2) | DMA_SCR_PSIZE(2) | DMA_SCR_MINC
        );
    }
    DCMI_IER = interrupts;
    DCMI_CR = MODE | control | DCMI_CR_ENABLE;
    DCMI_CR |= DCMI_CR_CAPTURE;
}

static void snapshot(void) {
    start(frame, sizeof frame, DCMI_CR_CM_SNAPSHOT, DCMI_FRAME);
    while (frames == 0) {
    }
    wait_microseconds(10);
    CHECK("a_snapshot_is_one_frame", frames, 1);
    CHECK("dma_took_all_of_it", dma_flags(DMA2, STREAM) & DMA_TCIF, DMA_TCIF);
    CHECK("capture_falls_by_itself", DCMI_CR & DCMI_CR_CAPTURE, 0);
    CHECK("nothing_is_left_in_the_fifo", DCMI_SR & DCMI_SR_FNE, 0);
    wait_milliseconds(40);
    CHECK("no_second_one_follows", frames, 1);
}

/* Chapter 17, crop feature: in pixel clocks, two a pixel, less one, and lines. */
static void cropped(void) {
    DCMI_CR = 0;
    DCMI_CWSTRT = FIELD(CROP_Y, 16) | 2u * CROP_X;
    DCMI_CWSIZE = FIELD(CROP_HEIGHT - 1u, 16) | (2u * CROP_WIDTH - 1u);
    start(crop, sizeof crop, DCMI_CR_CM_SNAPSHOT | DCMI_CR_CROP, DCMI_FRAME);
    while (frames == 0) {
    }
    wait_microseconds(10);
    uint32_t wrong = 0;
    for (uint32_t y = 0; y < CROP_HEIGHT; y++) {
        for (uint32_t x = 0; x < CROP_WIDTH; x++) {
            wrong += crop[y][x] != frame[CROP_Y + y][CROP_X + x];
        }
    }
    CHECK("dma_took_the_window", dma_flags(DMA2, STREAM) & DMA_TCIF, DMA_TCIF);
    CHECK("which_is_its_part_of_the_frame", wrong, 0);
}

static void continuous(void) {
    start(frame, sizeof frame, 0, DCMI_FRAME | DCMI_VSYNC | DCMI_LINE);
    while (frames < 1) {
    }
    dma_start(
        DMA2, STREAM, DCMI_DR_ADDRESS, frame, sizeof frame / 4u, DMA_SFCR_DMDIS | DMA_SFCR_FTH(3),
        DMA_SCR_CHSEL(1) | DMA_SCR_PL(2) | DMA_SCR_MSIZE(2) | DMA_SCR_PSIZE(2) | DMA_SCR_MINC
    );
    while (frames < 2) {
    }
    const uint32_t going = DCMI_CR & DCMI_CR_CAPTURE;
    DCMI_CR &= ~DCMI_CR_CAPTURE;
    CHECK("each_line_interrupts", lines_between, HEIGHT);
    CHECK("continuous_capture_goes_on", going, DCMI_CR_CAPTURE);
    CHECK("the_second_frame_is_whole", dma_flags(DMA2, STREAM) & DMA_TCIF, DMA_TCIF);
    CHECK_WITHIN("there_are_30_frames_a_second", vsync_period, FRAME_CYCLES - FRAME_CYCLES / 1000u, FRAME_CYCLES + FRAME_CYCLES / 1000u);
    DCMI_CR = 0;
}

/* Chapter 17, FIFO: it is reset, and the next start of a frame is waited for. */
static void overrun(void) {
    DMA_SCR(DMA2, STREAM) = 0;
    start(0, 0, DCMI_CR_CM_SNAPSHOT, DCMI_OVR | DCMI_FRAME);
    while (overruns == 0 && frames == 0) {
    }
    const uint32_t held = DCMI_SR & DCMI_SR_FNE;
    DCMI_CR = 0;
    CHECK("without_dma_the_fifo_overruns", overruns, 1);
    CHECK("before_the_frame_ends", frames, 0);
    CHECK("it_is_reset", held, 0);
    DCMI_ICR = DCMI_ICR_ALL;
    CHECK("icr_clears_the_flags", DCMI_RIS, 0);
}

int main(void) {
    CHECK("the_sensor_takes_its_settings", sensor(), 0);
    clock_on(&RCC_AHB2ENR, RCC_AHB2ENR_DCMIEN);
    enable_interrupt(DCMI_IRQ);
    snapshot();
    cropped();
    continuous();
    overrun();
    return check_verdict();
}
