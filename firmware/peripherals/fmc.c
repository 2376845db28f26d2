/* FMC with the board's SDRAM, an MT48LC4M32B2 on 16 of its 32 data lines: initialisation, data lines, address lines, byte lanes, a block,
   DMA, self-refresh and power-down. The MPU keeps the data cache off, so that each access is the memory's. */
#include "check.h"
#include "dma.h"
#include "memories.h"
#include "pins.h"

#define AF12 12u
/* Cycles of the memory's 108 MHz. */
#define TMRD 2u
#define TXSR 8u
#define TRAS 5u
#define TRC 7u
#define TWR 2u
#define TRP 2u
#define TRCD 2u
/* 4096 rows in 64 ms, 20 cycles early as section 13.7.5 asks. */
#define REFRESH_COUNT (108u * 64000u / 4096u - 20u)
#define MODE_BURST_1_CAS_2_SINGLE_WRITES 0x220u
#define WORD(offset) (*(volatile uint32_t *)(SDRAM + (offset)))
#define HALF(offset) (*(volatile uint16_t *)(SDRAM + (offset)))
#define BYTE(offset) (*(volatile uint8_t *)(SDRAM + (offset)))
#define BLOCK_WORDS 4096u

static void pins_init(void) {
    pins_alternate(GPIOC, 1u << 3, AF12, PULL_UP, 0);
    pins_alternate(GPIOD, 0xC703u, AF12, PULL_UP, 0);
    pins_alternate(GPIOE, 0xFF83u, AF12, PULL_UP, 0);
    pins_alternate(GPIOF, 0xF83Fu, AF12, PULL_UP, 0);
    pins_alternate(GPIOG, 0x8133u, AF12, PULL_UP, 0);
    pins_alternate(GPIOH, 0x0028u, AF12, PULL_UP, 0);
}

static uint32_t command(enum sdram_command mode, uint32_t refreshes, uint32_t mode_register) {
    FMC_SDCMR = mode | FMC_SDCMR_CTB1 | FMC_SDCMR_NRFS(refreshes) | FMC_SDCMR_MRD(mode_register);
    return CYCLES_UNTIL((FMC_SDSR & FMC_SDSR_BUSY) == 0, 100);
}

/* Section 13.7.3. */
static void initialise(void) {
    pins_init();
    clock_on(&RCC_AHB3ENR, RCC_AHB3ENR_FMCEN);
    CHECK("sdcr_at_reset", FMC_SDCR1, 0x2D0);
    FMC_SDCR1 = FMC_SDCR_COLUMNS_8 | FMC_SDCR_ROWS_12 | FMC_SDCR_WIDTH_16 | FMC_SDCR_FOUR_BANKS | FMC_SDCR_CAS_2 |
        FMC_SDCR_HCLK_BY_2 | FMC_SDCR_RBURST;
    FMC_SDTR1 = FIELD(TMRD - 1u, 0) | FIELD(TXSR - 1u, 4) | FIELD(TRAS - 1u, 8) | FIELD(TRC - 1u, 12) |
        FIELD(TWR - 1u, 16) | FIELD(TRP - 1u, 20) | FIELD(TRCD - 1u, 24);
    uint32_t unanswered = command(CLOCK_ENABLE, 1, 0) == NEVER;
    wait_microseconds(100);
    unanswered += command(PRECHARGE_ALL, 1, 0) == NEVER;
    unanswered += command(AUTO_REFRESH, 8, 0) == NEVER;
    unanswered += command(LOAD_MODE, 1, MODE_BURST_1_CAS_2_SINGLE_WRITES) == NEVER;
    FMC_SDRTR = FMC_SDRTR_COUNT(REFRESH_COUNT);
    map_as_memory(0, SDRAM, 23, MPU_RASR_NOT_CACHED);
    CHECK("each_command_is_taken", unanswered, 0);
    CHECK("the_bank_is_in_normal_mode", FMC_SDSR & FMC_SDSR_MODES1, 0);
}

static void lines(void) {
    uint32_t stuck = 0;
    for (uint32_t bit = 0; bit < 32; bit++) {
        WORD(0) = 1u << bit;
        WORD(4) = ~(1u << bit);
        stuck |= (WORD(0) ^ 1u << bit) | (WORD(4) ^ ~(1u << bit));
    }
    CHECK("no_data_line_is_stuck", stuck, 0);
    for (uint32_t offset = 4; offset < SDRAM_BYTES; offset <<= 1) {
        WORD(offset) = offset;
    }
    WORD(0) = 0x5A5A5A5A;
    uint32_t wrong = 0;
    for (uint32_t offset = 4; offset < SDRAM_BYTES; offset <<= 1) {
        wrong |= WORD(offset) ^ offset;
    }
    CHECK("no_two_address_lines_are_one", wrong, 0);
    WORD(SDRAM_BYTES - 4) = 0x12345678;
    CHECK("the_last_of_8_mb_answers", WORD(SDRAM_BYTES - 4), 0x12345678);
    CHECK("and_is_not_the_first", WORD(0), 0x5A5A5A5A);
    WORD(16) = 0;
    BYTE(17) = 0xAB;
    HALF(18) = 0xCDEF;
    CHECK("nbl_masks_byte_lanes", WORD(16), 0xCDEFAB00u);
    CHECK("bytes_are_read_alone", BYTE(19), 0xCD);
}

static uint32_t pattern(uint32_t i) {
    return i * 0x9E3779B1u;
}

static void block(void) {
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < BLOCK_WORDS; i++) {
        WORD(4 * i) = pattern(i);
    }
    const uint32_t start = board_cycles();
    for (uint32_t i = 0; i < BLOCK_WORDS; i++) {
        wrong += WORD(4 * i) != pattern(i);
    }
    const uint32_t cycles = (board_cycles() - start) / BLOCK_WORDS;
    CHECK("a_block_keeps_what_is_stored", wrong, 0);
    /* At least a halfword a memory clock, CAS latency before it: (2 + 2) x 2 core cycles. */
    CHECK_WITHIN("a_word_takes_two_reads_with_their_latency", cycles, 8, 80);
    dma_start(
        DMA2, 0, SDRAM, (void *)(SDRAM + 0x100000u), BLOCK_WORDS, DMA_SFCR_DMDIS | DMA_SFCR_FTH(3),
        DMA_SCR_DIR_M2M | DMA_SCR_PINC | DMA_SCR_MINC | DMA_SCR_PSIZE(2) | DMA_SCR_MSIZE(2)
    );
    CYCLES_UNTIL(dma_flags(DMA2, 0) & (DMA_TCIF | DMA_TEIF), 10000);
    CHECK("dma_copies_within_it", first_difference((void *)SDRAM, (void *)(SDRAM + 0x100000u), 4 * BLOCK_WORDS), 4 * BLOCK_WORDS);
}

static void modes(void) {
    WORD(0x20) = 0xCAFEF00Du;
    command(SELF_REFRESH, 1, 0);
    CHECK("self_refresh_is_told", FMC_SDSR & FMC_SDSR_MODES1, FIELD(1, 1));
    command(NORMAL, 1, 0);
    CHECK("normal_mode_is_told", FMC_SDSR & FMC_SDSR_MODES1, 0);
    CHECK("self_refresh_keeps_the_data", WORD(0x20), 0xCAFEF00Du);
    command(POWER_DOWN, 1, 0);
    CHECK("power_down_is_told", FMC_SDSR & FMC_SDSR_MODES1, FIELD(2, 1));
    command(NORMAL, 1, 0);
    CHECK("the_data_are_there_behind_it", WORD(0x20), 0xCAFEF00Du);
}

int main(void) {
    initialise();
    lines();
    block();
    modes();
    return check_verdict();
}
