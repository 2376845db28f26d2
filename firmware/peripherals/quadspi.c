/* QUADSPI with the board's N25Q128A: identity, write enable, erase with automatic polling, page program, reads on one and four lines with
   their time, FIFO, interrupt, DMA, an address beyond the memory, memory-mapped mode. The subsector at 0xFF0000 is used. */
#include "check.h"
#include "dma.h"
#include "memories.h"
#include "pins.h"

#define AF9 9u
#define AF10 10u
#define PLACE 0xFF0000u
#define PAGE 256u
#define CLOCK 2u /* core cycles of the flash's 108 MHz */

/* N25Q128A's commands. */
#define READ_ID 0x9Fu
#define READ_STATUS 0x05u
#define WRITE_ENABLE 0x06u
#define SUBSECTOR_ERASE 0x20u
#define PAGE_PROGRAM 0x02u
#define READ 0x03u
#define QUAD_OUTPUT_READ 0x6Bu
#define QUAD_IO_READ 0xEBu
#define BUSY 1u
#define ENABLED 2u

#define COMMAND(instruction) ((instruction) | QUADSPI_CCR_IMODE_1)
#define ADDRESSED (QUADSPI_CCR_ADMODE_1 | QUADSPI_CCR_ADSIZE_24)
#define IN_ON_1 (QUADSPI_CCR_DMODE_1 | QUADSPI_CCR_FMODE_READ)
#define IN_ON_4 (QUADSPI_CCR_DMODE_4 | QUADSPI_CCR_FMODE_READ)

static uint8_t page[PAGE], got[PAGE];
static volatile uint32_t interrupts;

void QUADSPI_IRQHandler(void);

void QUADSPI_IRQHandler(void) {
    QUADSPI_FCR = QUADSPI_FCR_ALL;
    interrupts++;
    dsb();
}

static void set_up(void) {
    pins_alternate(GPIOB, 1u << 2, AF9, NO_PULL, 0);
    pins_alternate(GPIOB, 1u << 6, AF10, NO_PULL, 0);
    pins_alternate(GPIOD, 1u << 11 | 1u << 12 | 1u << 13, AF9, NO_PULL, 0);
    pins_alternate(GPIOE, 1u << 2, AF9, NO_PULL, 0);
    clock_on(&RCC_AHB3ENR, RCC_AHB3ENR_QSPIEN);
    QUADSPI_DCR = QUADSPI_DCR_FSIZE(24) | QUADSPI_DCR_CSHT(6);
    QUADSPI_CR = QUADSPI_CR_PRESCALER(CLOCK) | QUADSPI_CR_FTHRES(4) | QUADSPI_CR_EN;
}

/* Cycles until TCF or TEF. */
static uint32_t finished(void) {
    return CYCLES_UNTIL(QUADSPI_SR & (QUADSPI_SR_TCF | QUADSPI_SR_TEF), 1000);
}

static void command(uint32_t instruction) {
    QUADSPI_FCR = QUADSPI_FCR_ALL;
    QUADSPI_CCR = COMMAND(instruction);
    finished();
    CYCLES_UNTIL((QUADSPI_SR & QUADSPI_SR_BUSY) == 0, 100);
    QUADSPI_FCR = QUADSPI_FCR_ALL;
}

/* Bytes through the FIFO as they come. Returns the cycles that they took. */
static uint32_t read(uint32_t ccr, uint32_t address, uint8_t *to, uint32_t size) {
    QUADSPI_FCR = QUADSPI_FCR_ALL;
    QUADSPI_DLR = size - 1u;
    const uint32_t start = board_cycles();
    QUADSPI_CCR = ccr;
    if (ccr & QUADSPI_CCR_ADMODE_4) {
        QUADSPI_AR = address;
    }
    for (uint32_t i = 0; i < size; i++) {
        CYCLES_UNTIL(QUADSPI_SR & (QUADSPI_SR_FTF | QUADSPI_SR_TCF | QUADSPI_SR_TEF), 1000);
        to[i] = QUADSPI_DR8;
    }
    finished();
    const uint32_t cycles = board_cycles() - start;
    CYCLES_UNTIL((QUADSPI_SR & QUADSPI_SR_BUSY) == 0, 100);
    return cycles;
}

static uint32_t status(void) {
    uint8_t value;
    read(COMMAND(READ_STATUS) | IN_ON_1, 0, &value, 1);
    return value;
}

/* Section 14.3.8: the flash is asked by itself until it is ready. */
static void await_ready(void) {
    QUADSPI_FCR = QUADSPI_FCR_ALL;
    QUADSPI_PSMKR = BUSY;
    QUADSPI_PSMAR = 0;
    QUADSPI_PIR = 0x100;
    QUADSPI_DLR = 0;
    QUADSPI_CR |= QUADSPI_CR_APMS;
    QUADSPI_CCR = COMMAND(READ_STATUS) | QUADSPI_CCR_DMODE_1 | QUADSPI_CCR_FMODE_POLL;
    while ((QUADSPI_SR & QUADSPI_SR_SMF) == 0) {
    }
    QUADSPI_CR &= ~QUADSPI_CR_APMS;
}

static void identity(void) {
    uint8_t id[3];
    read(COMMAND(READ_ID) | IN_ON_1, 0, id, 3);
    CHECK("the_flash_is_an_n25q128a", (uint32_t)id[0] << 16 | (uint32_t)id[1] << 8 | id[2], 0x20BA18);
    CHECK("it_is_write_protected_first", status(), 0);
    command(WRITE_ENABLE);
    CHECK("write_enable_shows_in_its_status", status(), ENABLED);
}

static void erase(void) {
    QUADSPI_FCR = QUADSPI_FCR_ALL;
    QUADSPI_CCR = COMMAND(SUBSECTOR_ERASE) | ADDRESSED;
    QUADSPI_AR = PLACE;
    finished();
    const uint32_t start = board_cycles();
    CHECK("it_is_busy_erasing", status() & BUSY, BUSY);
    await_ready();
    const uint32_t milliseconds = (board_cycles() - start) / (1000u * CYCLES_PER_MICROSECOND);
    /* N25Q128A data sheet, table AC characteristics: 0.25 s typically, 0.8 s at most. */
    CHECK_WITHIN("an_erase_takes_250_to_800_ms", milliseconds, 245, 800);
    read(COMMAND(READ) | ADDRESSED | IN_ON_1, PLACE, got, PAGE);
    uint32_t ones = 0xFF;
    for (uint32_t i = 0; i < PAGE; i++) {
        ones &= got[i];
    }
    CHECK("and_leaves_ones", ones, 0xFF);
    CHECK("and_write_enable_off", status(), 0);
}

static void program(void) {
    for (uint32_t i = 0; i < PAGE; i++) {
        page[i] = (uint8_t)(5u * i + 1u);
    }
    command(WRITE_ENABLE);
    QUADSPI_FCR = QUADSPI_FCR_ALL;
    QUADSPI_DLR = PAGE - 1u;
    QUADSPI_CCR = COMMAND(PAGE_PROGRAM) | ADDRESSED | QUADSPI_CCR_DMODE_1 | QUADSPI_CCR_FMODE_WRITE;
    QUADSPI_AR = PLACE;
    for (uint32_t i = 0; i < PAGE; i++) {
        CYCLES_UNTIL(QUADSPI_SR & QUADSPI_SR_FTF, 1000);
        QUADSPI_DR8 = page[i];
    }
    finished();
    const uint32_t start = board_cycles();
    await_ready();
    /* The same table: 0.5 ms typically, 5 ms at most. */
    CHECK_WITHIN("a_page_takes_500_us_to_5_ms", (board_cycles() - start) / CYCLES_PER_MICROSECOND, 495, 5000);
}

/* Cycles until the FIFO's 32 bytes are there, which are read then, so that the core's pace does not count. */
static uint32_t fifo_filled(uint32_t ccr) {
    QUADSPI_FCR = QUADSPI_FCR_ALL;
    QUADSPI_DLR = 31;
    QUADSPI_CCR = ccr;
    const uint32_t start = board_cycles();
    QUADSPI_AR = PLACE;
    CYCLES_UNTIL((QUADSPI_SR & QUADSPI_SR_FLEVEL) == FIELD(32, 8), 100);
    const uint32_t cycles = board_cycles() - start;
    for (uint32_t i = 0; i < 32; i++) {
        got[i] = QUADSPI_DR8;
    }
    finished();
    CYCLES_UNTIL((QUADSPI_SR & QUADSPI_SR_BUSY) == 0, 100);
    return cycles;
}

static void reads(void) {
    read(COMMAND(READ) | ADDRESSED | IN_ON_1, PLACE, got, PAGE);
    CHECK("what_was_programmed_is_read", first_difference(page, got, PAGE), PAGE);
    const uint32_t one = fifo_filled(COMMAND(READ) | ADDRESSED | IN_ON_1);
    CHECK_WITHIN("on_one_line_in_8_clocks_a_byte", one, 8u * (4u + 32u) * CLOCK, 8u * (4u + 32u) * CLOCK + LOOK);
    const uint32_t four = fifo_filled(COMMAND(QUAD_OUTPUT_READ) | ADDRESSED | IN_ON_4 | QUADSPI_CCR_DCYC(8));
    CHECK("four_lines_read_the_same", first_difference(page, got, 32), 32);
    CHECK_WITHIN("in_2_clocks_a_byte", four, (8u + 24u + 8u + 64u) * CLOCK, (8u + 24u + 8u + 64u) * CLOCK + LOOK);
    read(COMMAND(QUAD_IO_READ) | QUADSPI_CCR_ADMODE_4 | QUADSPI_CCR_ADSIZE_24 | IN_ON_4 | QUADSPI_CCR_DCYC(10), PLACE, got, 64);
    CHECK("so_does_an_address_on_four", first_difference(page, got, 64), 64);
}

static void events(void) {
    enable_interrupt(QUADSPI_IRQ);
    QUADSPI_FCR = QUADSPI_FCR_ALL;
    QUADSPI_CR |= QUADSPI_CR_TCIE;
    QUADSPI_CCR = COMMAND(WRITE_ENABLE);
    wait_microseconds(5);
    QUADSPI_CR &= ~QUADSPI_CR_TCIE;
    disable_interrupt(QUADSPI_IRQ);
    CHECK("the_end_of_a_command_interrupts", interrupts, 1);
    QUADSPI_DLR = 0;
    QUADSPI_CCR = COMMAND(READ) | ADDRESSED | IN_ON_1;
    QUADSPI_AR = 1u << 24;
    CHECK("an_address_beyond_fsize_is_tef", CYCLES_UNTIL(QUADSPI_SR & QUADSPI_SR_TEF, 100) == NEVER, 0);
    QUADSPI_CR |= QUADSPI_CR_ABORT;
    CYCLES_UNTIL((QUADSPI_CR & QUADSPI_CR_ABORT) == 0, 100);
    QUADSPI_FCR = QUADSPI_FCR_ALL;
}

/* QUADSPI: DMA2 stream 7, channel 3. */
static void by_dma(void) {
    __attribute__((section(".dtcm_bss"))) static uint32_t words[PAGE / 4];
    dma_start(DMA2, 7, 0xA0001020u, words, PAGE / 4, 0, DMA_SCR_CHSEL(3) | DMA_SCR_MINC | DMA_SCR_PSIZE(2) | DMA_SCR_MSIZE(2));
    QUADSPI_DLR = PAGE - 1u;
    QUADSPI_CR |= QUADSPI_CR_DMAEN;
    QUADSPI_CCR = COMMAND(QUAD_OUTPUT_READ) | ADDRESSED | IN_ON_4 | QUADSPI_CCR_DCYC(8);
    QUADSPI_AR = PLACE;
    CYCLES_UNTIL(dma_flags(DMA2, 7) & DMA_TCIF, 1000);
    QUADSPI_CR &= ~QUADSPI_CR_DMAEN;
    finished();
    CHECK("dma_reads_a_page", first_difference(page, words, PAGE), PAGE);
    CYCLES_UNTIL((QUADSPI_SR & QUADSPI_SR_BUSY) == 0, 100);
    QUADSPI_FCR = QUADSPI_FCR_ALL;
}

static void mapped(void) {
    QUADSPI_CCR = COMMAND(QUAD_IO_READ) | QUADSPI_CCR_ADMODE_4 | QUADSPI_CCR_ADSIZE_24 | QUADSPI_CCR_DMODE_4 | QUADSPI_CCR_DCYC(10) |
        QUADSPI_CCR_FMODE_MAPPED;
    CHECK("mapped_the_flash_is_memory", first_difference(page, (const void *)(QUADSPI_MEMORY + PLACE), PAGE), PAGE);
    CHECK("and_the_interface_busy", QUADSPI_SR & QUADSPI_SR_BUSY, QUADSPI_SR_BUSY);
    QUADSPI_CR |= QUADSPI_CR_ABORT;
    CHECK("abort_ends_it", CYCLES_UNTIL((QUADSPI_SR & QUADSPI_SR_BUSY) == 0, 100) == NEVER, 0);
}

int main(void) {
    set_up();
    identity();
    erase();
    program();
    reads();
    events();
    by_dma();
    mapped();
    return check_verdict();
}
