/* I2C: the camera's and the touch panel's identities, the codec's, a missing device, the clock by TIMINGR, a reload, interrupts, DMA. */
#include "check.h"
#include "dma.h"
#include "pins.h"
#include "serial.h"

#define CAMERA 0x30u /* OV9655 on I2C1 */
#define TOUCH 0x38u  /* FT5336 on I2C3 */
#define CODEC 0x1Au  /* WM8994 on I2C3 */
#define NOBODY 0x55u
#define AF4 4u

#define BIT_CYCLES (9u * CYCLES_PER_MICROSECOND)
#define PATIENCE 2000u

static volatile uint32_t entries, received, stopped;
static volatile uint8_t buffer[8];

void I2C3_EV_IRQHandler(void);

void I2C3_EV_IRQHandler(void) {
    const uint32_t status = I2C_ISR(I2C3);
    entries++;
    if (status & I2C_ISR_RXNE) {
        buffer[received++ % 8u] = (uint8_t)I2C_RXDR(I2C3);
    }
    if (status & I2C_ISR_STOPF) {
        I2C_ICR(I2C3) = I2C_ISR_STOPF;
        stopped++;
    }
    dsb();
}

static void set_up(void) {
    clock_on(&RCC_AHB1ENR, RCC_AHB1ENR_GPIOEN(GPIOH));
    pin_write(GPIOH, 13, 0); /* the camera's power-down */
    pin_mode(GPIOH, 13, OUTPUT);
    pins_alternate(GPIOB, 1u << 8 | 1u << 9, AF4, PULL_UP, 1);
    pins_alternate(GPIOH, 1u << 7 | 1u << 8, AF4, PULL_UP, 1);
    RCC_DCKCFGR2 |= RCC_DCKCFGR2_I2C1SEL_HSI | RCC_DCKCFGR2_I2C3SEL_HSI;
    clock_on(&RCC_APB1ENR, RCC_APB1ENR_I2C1EN | RCC_APB1ENR_I2C3EN);
    for (uint32_t i2c = I2C1; i2c <= I2C3; i2c += I2C3 - I2C1) {
        I2C_TIMINGR(i2c) = TIMING_100_KHZ;
        I2C_CR1(i2c) = I2C_CR1_PE;
    }
    wait_milliseconds(2);
}

static uint32_t until(uint32_t i2c, uint32_t flags) {
    return CYCLES_UNTIL(I2C_ISR(i2c) & (flags | I2C_ISR_NACKF), PATIENCE);
}

static void end(uint32_t i2c) {
    CYCLES_UNTIL(I2C_ISR(i2c) & I2C_ISR_STOPF, PATIENCE);
    I2C_ICR(i2c) = I2C_ISR_STOPF | I2C_ISR_NACKF;
}

/* The register's number, a STOP (which the camera's bus wants), and the bytes from there on, most significant first. */
static uint32_t read(uint32_t i2c, uint32_t device, uint32_t reg, unsigned reg_bytes, unsigned count) {
    uint32_t value = 0;
    I2C_CR2(i2c) = I2C_CR2_SADD(device) | I2C_CR2_NBYTES(reg_bytes) | I2C_CR2_AUTOEND | I2C_CR2_START;
    while (reg_bytes--) {
        until(i2c, I2C_ISR_TXIS);
        I2C_TXDR(i2c) = reg >> 8u * reg_bytes & 0xFFu;
    }
    end(i2c);
    I2C_CR2(i2c) = I2C_CR2_SADD(device) | I2C_CR2_RD_WRN | I2C_CR2_NBYTES(count) | I2C_CR2_AUTOEND | I2C_CR2_START;
    while (count--) {
        until(i2c, I2C_ISR_RXNE);
        value = value << 8 | (I2C_RXDR(i2c) & 0xFFu);
    }
    end(i2c);
    return value;
}

static void identities(void) {
    CHECK("an_idle_interface_says_txe", I2C_ISR(I2C1), I2C_ISR_TXE);
    CHECK("the_camera_is_an_ov9655", read(I2C1, CAMERA, 0x0A, 1, 1), 0x96);
    CHECK("by_omnivision", read(I2C1, CAMERA, 0x1C, 1, 1) << 8 | read(I2C1, CAMERA, 0x1D, 1, 1), 0x7FA2);
    CHECK("the_touch_panel_is_an_ft5336", read(I2C3, TOUCH, 0xA8, 1, 1), 0x51);
    CHECK("nobody_touches_it", read(I2C3, TOUCH, 0x02, 1, 1) & 15u, 0);
    CHECK("the_codec_is_a_wm8994", read(I2C3, CODEC, 0x0000, 2, 2), 0x8994);
}

static void write_and_read(void) {
    I2C_CR2(I2C1) = I2C_CR2_SADD(CAMERA) | I2C_CR2_NBYTES(2) | I2C_CR2_AUTOEND | I2C_CR2_START;
    const uint32_t start = board_cycles();
    until(I2C1, I2C_ISR_TXIS);
    const uint32_t busy = I2C_ISR(I2C1) & I2C_ISR_BUSY;
    I2C_TXDR(I2C1) = 0x17; /* HSTART */
    until(I2C1, I2C_ISR_TXIS);
    I2C_TXDR(I2C1) = 0x2A;
    CYCLES_UNTIL(I2C_ISR(I2C1) & I2C_ISR_STOPF, PATIENCE);
    const uint32_t cycles = board_cycles() - start;
    I2C_ICR(I2C1) = I2C_ISR_STOPF;
    CHECK("the_bus_is_busy_meanwhile", busy, I2C_ISR_BUSY);
    /* START, three bytes with their acknowledges, STOP; SCL's edges and the synchronisation add up to a tenth. */
    CHECK_WITHIN("three_bytes_take_their_28_periods", cycles, 27u * BIT_CYCLES, 31u * BIT_CYCLES);
    CHECK("it_is_free_behind_the_stop", I2C_ISR(I2C1) & (I2C_ISR_BUSY | I2C_ISR_STOPF), 0);
    CHECK("what_was_written_is_read", read(I2C1, CAMERA, 0x17, 1, 1), 0x2A);
}

static void missing_device(void) {
    I2C_CR2(I2C1) = I2C_CR2_SADD(NOBODY) | I2C_CR2_NBYTES(1) | I2C_CR2_AUTOEND | I2C_CR2_START;
    const uint32_t cycles = CYCLES_UNTIL(I2C_ISR(I2C1) & I2C_ISR_STOPF, PATIENCE);
    CHECK("nobody_acknowledges", I2C_ISR(I2C1) & I2C_ISR_NACKF, I2C_ISR_NACKF);
    CHECK_WITHIN("a_stop_follows_by_itself", cycles, 9u * BIT_CYCLES, 12u * BIT_CYCLES);
    CHECK("start_is_cleared", I2C_CR2(I2C1) & I2C_CR2_START, 0);
    I2C_ICR(I2C1) = I2C_ISR_NACKF | I2C_ISR_STOPF;
    CHECK("icr_clears_both", I2C_ISR(I2C1) & (I2C_ISR_NACKF | I2C_ISR_STOPF), 0);
}

/* Section 30.4.8: software end (TC), a repeated START, and a count in two parts (TCR). */
static void restart_and_reload(void) {
    I2C_CR2(I2C3) = I2C_CR2_SADD(TOUCH) | I2C_CR2_NBYTES(1) | I2C_CR2_START;
    until(I2C3, I2C_ISR_TXIS);
    I2C_TXDR(I2C3) = 0xA3;
    until(I2C3, I2C_ISR_TC);
    CHECK("without_autoend_it_waits_in_tc", I2C_ISR(I2C3) & (I2C_ISR_TC | I2C_ISR_STOPF | I2C_ISR_BUSY), I2C_ISR_TC | I2C_ISR_BUSY);
    I2C_CR2(I2C3) = I2C_CR2_SADD(TOUCH) | I2C_CR2_RD_WRN | I2C_CR2_NBYTES(1) | I2C_CR2_RELOAD | I2C_CR2_START;
    until(I2C3, I2C_ISR_RXNE);
    uint32_t bytes = I2C_RXDR(I2C3);
    until(I2C3, I2C_ISR_TCR);
    CHECK("reload_waits_in_tcr", I2C_ISR(I2C3) & (I2C_ISR_TCR | I2C_ISR_TC), I2C_ISR_TCR);
    I2C_CR2(I2C3) = I2C_CR2_SADD(TOUCH) | I2C_CR2_RD_WRN | I2C_CR2_NBYTES(1) | I2C_CR2_AUTOEND;
    until(I2C3, I2C_ISR_RXNE);
    bytes = bytes << 8 | I2C_RXDR(I2C3);
    end(I2C3);
    CHECK("both_parts_are_of_one_read", bytes, read(I2C3, TOUCH, 0xA3, 1, 1) << 8 | read(I2C3, TOUCH, 0xA4, 1, 1));
}

static void point_at(uint32_t reg) {
    I2C_CR2(I2C3) = I2C_CR2_SADD(TOUCH) | I2C_CR2_NBYTES(1) | I2C_CR2_AUTOEND | I2C_CR2_START;
    until(I2C3, I2C_ISR_TXIS);
    I2C_TXDR(I2C3) = reg;
    end(I2C3);
}

static void by_interrupt(void) {
    point_at(0xA3);
    entries = received = stopped = 0;
    enable_interrupt(I2C3_EV_IRQ);
    I2C_CR1(I2C3) |= I2C_CR1_RXIE | I2C_CR1_STOPIE;
    I2C_CR2(I2C3) = I2C_CR2_SADD(TOUCH) | I2C_CR2_RD_WRN | I2C_CR2_NBYTES(6) | I2C_CR2_AUTOEND | I2C_CR2_START;
    CYCLES_UNTIL(stopped, PATIENCE);
    I2C_CR1(I2C3) &= ~(I2C_CR1_RXIE | I2C_CR1_STOPIE);
    disable_interrupt(I2C3_EV_IRQ);
    CHECK("six_bytes_and_a_stop_are_seven_interrupts", entries, 7);
    CHECK("the_sixth_is_the_identity", buffer[5], 0x51);
}

/* I2C3_RX: DMA1 stream 2, channel 3. */
static void by_dma(void) {
    __attribute__((section(".dtcm_bss"))) static uint8_t bytes[6];
    point_at(0xA3);
    dma_start(DMA1, 2, I2C3 + 0x24u, bytes, 6, 0, DMA_SCR_CHSEL(3) | DMA_SCR_MINC);
    I2C_CR1(I2C3) |= I2C_CR1_RXDMAEN;
    I2C_CR2(I2C3) = I2C_CR2_SADD(TOUCH) | I2C_CR2_RD_WRN | I2C_CR2_NBYTES(6) | I2C_CR2_AUTOEND | I2C_CR2_START;
    end(I2C3);
    CHECK("dma_takes_all_six", dma_flags(DMA1, 2) & DMA_TCIF, DMA_TCIF);
    CHECK("they_are_those_of_the_interrupt", first_difference(bytes, (const void *)buffer, 6), 6);
}

static void disabled(void) {
    I2C_CR2(I2C1) = I2C_CR2_SADD(CAMERA) | I2C_CR2_NBYTES(1) | I2C_CR2_START;
    wait_microseconds(20);
    I2C_CR1(I2C1) = 0;
    CHECK("pe_of_0_resets_the_interface", I2C_ISR(I2C1), I2C_ISR_TXE);
    CHECK("and_drops_start", I2C_CR2(I2C1) & I2C_CR2_START, 0);
    CHECK("but_keeps_the_timing", I2C_TIMINGR(I2C1), TIMING_100_KHZ);
}

int main(void) {
    set_up();
    identities();
    write_and_read();
    missing_device();
    restart_and_reload();
    by_interrupt();
    by_dma();
    disabled();
    return check_verdict();
}
