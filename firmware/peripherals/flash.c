/* FLASH: the lock, erasing and programming with their times, errors, the interrupt, code that changes, option bytes over resets. Sector 3 is used.
   What runs while the array is busy lies in the ITCM, with interrupts off: a fetch from the array would wait. */
#include "check.h"
#include "clocks.h"
#include "retained.h"

#define SECTOR 3u
#define SECTOR_START 0x08018000u
#define SECTOR_BYTES 0x8000u
#define WORD(offset) (*(volatile uint32_t *)(SECTOR_START + (offset)))
#define HALF(offset) (*(volatile uint16_t *)(SECTOR_START + (offset)))
#define BYTE(offset) (*(volatile uint8_t *)(SECTOR_START + (offset)))
#define BYTES FLASH_CR_PSIZE(0)
#define HALVES FLASH_CR_PSIZE(1)
#define WORDS FLASH_CR_PSIZE(2)
#define AIRCR_SYSRESETREQ (1u << 2)
#define MILLISECOND (1000u * CYCLES_PER_MICROSECOND)
#define RETURN_42 0x4770202Au /* movs r0, #42; bx lr */
#define RETURN_43 0x4770202Bu

enum step { FIRST, PROTECTED = 0x464C5348, NOT_STARTED };
enum { STEP, FAILURES };

#define IN_ITCM __attribute__((section(".itcm_text"), noinline))

static volatile uint32_t interrupts, seen;

void FLASH_IRQHandler(void);

void FLASH_IRQHandler(void) {
    interrupts++;
    seen = FLASH_SR;
    FLASH_SR = seen & (FLASH_SR_EOP | FLASH_SR_ERRORS);
    dsb();
}

void BusFault_Handler(void);

/* A wrong key may be one. */
void BusFault_Handler(void) {
    CFSR = CFSR;
    dsb();
}

static void unlock(void) {
    FLASH_KEYR = FLASH_KEY1;
    FLASH_KEYR = FLASH_KEY2;
}

/* Cycles until BSY falls. */
IN_ITCM static uint32_t finished(uint32_t start) {
    dsb();
    while (FLASH_SR & FLASH_SR_BSY) {
    }
    return DWT_CYCCNT - start;
}

IN_ITCM static uint32_t erase(uint32_t width) {
    interrupts_off();
    FLASH_CR = (FLASH_CR & (FLASH_CR_EOPIE | FLASH_CR_ERRIE)) | width | FLASH_CR_SNB(SECTOR) | FLASH_CR_SER;
    const uint32_t start = DWT_CYCCNT;
    FLASH_CR |= FLASH_CR_STRT;
    const uint32_t cycles = finished(start);
    FLASH_CR &= ~FLASH_CR_SER;
    interrupts_on();
    return cycles;
}

/* A store of the width that PSIZE has, or of another one. */
IN_ITCM static uint32_t program(uint32_t psize, uint32_t width, uint32_t offset, uint32_t value) {
    interrupts_off();
    FLASH_CR = (FLASH_CR & (FLASH_CR_EOPIE | FLASH_CR_ERRIE)) | psize | FLASH_CR_PG;
    const uint32_t start = DWT_CYCCNT;
    if (width == BYTES) {
        BYTE(offset) = (uint8_t)value;
    } else if (width == HALVES) {
        HALF(offset) = (uint16_t)value;
    } else {
        WORD(offset) = value;
    }
    const uint32_t cycles = finished(start);
    FLASH_CR &= ~FLASH_CR_PG;
    interrupts_on();
    return cycles;
}

/* What the caches and the ART hold of the array is older than the array: section 3.3.2. */
static void forget_code(void) {
    clean_and_forget((const void *)SECTOR_START, 64);
    FLASH_ACR &= ~FLASH_ACR_ARTEN;
    FLASH_ACR |= FLASH_ACR_ARTRST;
    FLASH_ACR &= ~FLASH_ACR_ARTRST;
    FLASH_ACR |= FLASH_ACR_ARTEN;
    ICIALLU = 0;
    dsb();
    isb();
}

static uint32_t word_at(uint32_t offset) {
    clean_and_forget((const void *)(SECTOR_START + offset), 4);
    return WORD(offset);
}

static void the_lock(void) {
    CHECK("cr_is_locked_at_reset", FLASH_CR, FLASH_CR_LOCK);
    FLASH_CR = FLASH_CR_PG;
    CHECK("a_locked_cr_ignores_writes", FLASH_CR, FLASH_CR_LOCK);
    unlock();
    CHECK("two_keys_unlock_it", FLASH_CR, 0);
    FLASH_CR = FLASH_CR_LOCK;
    CHECK("lock_locks_it_again", FLASH_CR, FLASH_CR_LOCK);
    unlock();
}

/* DS10916, flash memory programming: 250 ms typically, 500 ms at most for 32 KB with x32; 400 and 800 ms with x8. */
static void erasing(void) {
    program(WORDS, WORDS, 0, 0);
    CHECK_WITHIN("a_sector_of_32_kb_is_erased_by_words_in_250_to_500_ms", erase(WORDS), 250 * MILLISECOND, 500 * MILLISECOND);
    clean_and_forget((const void *)SECTOR_START, SECTOR_BYTES);
    uint32_t erased = 0xFFFFFFFFu;
    for (uint32_t offset = 0; offset < SECTOR_BYTES; offset += 4) {
        erased &= WORD(offset);
    }
    CHECK("an_erased_sector_is_all_ones", erased, 0xFFFFFFFFu);
    CHECK("eop_is_not_set_without_eopie", FLASH_SR, 0);
    CHECK_WITHIN("by_bytes_it_takes_400_to_800_ms", erase(BYTES), 400 * MILLISECOND, 800 * MILLISECOND);
}

/* DS10916, flash memory programming: 16 us typically, 100 us at most, at each width. */
static void programming(void) {
    const uint32_t low = 16 * CYCLES_PER_MICROSECOND - 10u, high = 100 * CYCLES_PER_MICROSECOND;
    CHECK_WITHIN("a_byte_takes_16_to_100_us", program(BYTES, BYTES, 0x21, 0x5A), low, high);
    CHECK("and_lands_alone", word_at(0x20), 0xFFFF5AFFu);
    CHECK_WITHIN("a_halfword_takes_16_to_100_us", program(HALVES, HALVES, 0x22, 0x1234), low, high);
    CHECK("and_lands_beside_it", word_at(0x20), 0x12345AFFu);
    CHECK_WITHIN("a_word_takes_16_to_100_us", program(WORDS, WORDS, 0x24, 0xCAFEF00Du), low, high);
    CHECK("and_lands", word_at(0x24), 0xCAFEF00Du);
    program(WORDS, WORDS, 0x24, 0xFFFF0000u);
    CHECK("bits_only_go_from_1_to_0", word_at(0x24), 0xCAFE0000u);
    CHECK("no_error_is_seen", FLASH_SR, 0);
}

static void errors(void) {
    program(WORDS, BYTES, 0x30, 0);
    CHECK("a_byte_under_x32_is_pgperr", FLASH_SR, FLASH_SR_PGPERR);
    CHECK("and_is_not_stored", word_at(0x30), 0xFFFFFFFFu);
    FLASH_SR = FLASH_SR_PGPERR;
    CHECK("a_one_clears_it", FLASH_SR, 0);
    WORD(0x30) = 0;
    finished(0);
    CHECK("a_store_without_pg_is_erserr", FLASH_SR, FLASH_SR_ERSERR);
    CHECK("it_is_not_stored", word_at(0x30), 0xFFFFFFFFu);
    FLASH_SR = FLASH_SR_ERSERR;
}

static void interrupt(void) {
    enable_interrupt(FLASH_IRQ);
    FLASH_CR = FLASH_CR_EOPIE | FLASH_CR_ERRIE;
    program(WORDS, WORDS, 0x40, 1);
    wait_cycles(100);
    CHECK("eop_interrupts_with_eopie", seen, FLASH_SR_EOP);
    program(WORDS, HALVES, 0x44, 1);
    wait_cycles(100);
    CHECK("an_error_interrupts_with_errie", seen, FLASH_SR_PGPERR);
    CHECK("each_comes_once", interrupts, 2);
    FLASH_CR = 0;
}

static void code(void) {
    program(WORDS, WORDS, 0x100, RETURN_43);
    forget_code();
    uint32_t (*const function)(void) = (uint32_t (*)(void))(SECTOR_START + 0x101u);
    CHECK("what_was_programmed_runs", function(), 43);
    program(WORDS, WORDS, 0x100, RETURN_42);
    forget_code();
    CHECK("code_that_changed_is_seen", function(), 42);
}

/* Section 3.4.2: unlock, write, OPTSTRT, wait. */
IN_ITCM static void change_options(uint32_t value) {
    interrupts_off();
    FLASH_OPTCR = value;
    FLASH_OPTCR |= FLASH_OPTCR_OPTSTRT;
    finished(0);
    interrupts_on();
}

static void unlock_options(void) {
    FLASH_OPTKEYR = FLASH_OPTKEY1;
    FLASH_OPTKEYR = FLASH_OPTKEY2;
}

static void reset_with_step(enum step next) {
    board_flush();
    RETAINED[STEP] = next;
    RETAINED[FAILURES] = (uint32_t)check_verdict();
    AIRCR = AIRCR_VECTKEY | AIRCR_SYSRESETREQ;
    for (;;) {
    }
}

static void options(void) {
    const uint32_t before = FLASH_OPTCR, protected = before & ~FLASH_OPTCR_NWRP(SECTOR);
    CHECK("options_are_locked_at_reset", before & FLASH_OPTCR_OPTLOCK, FLASH_OPTCR_OPTLOCK);
    FLASH_OPTCR = protected;
    CHECK("a_locked_optcr_ignores_writes", FLASH_OPTCR, before);
    unlock_options();
    CHECK("their_keys_unlock_them", FLASH_OPTCR, before & ~FLASH_OPTCR_OPTLOCK);
    change_options(protected & ~FLASH_OPTCR_OPTLOCK);
    CHECK("optstrt_falls_when_they_are_written", FLASH_OPTCR, protected & ~FLASH_OPTCR_OPTLOCK);
    program(WORDS, WORDS, 0x200, 0);
    CHECK("a_protected_sector_is_not_programmed", FLASH_SR, FLASH_SR_WRPERR);
    FLASH_SR = FLASH_SR_WRPERR;
    erase(WORDS);
    CHECK("and_not_erased", FLASH_SR, FLASH_SR_WRPERR);
    FLASH_SR = FLASH_SR_WRPERR;
    CHECK("it_keeps_what_it_holds", word_at(0x24), 0xCAFE0000u);
    change_options(before & ~FLASH_OPTCR_OPTLOCK);
    program(WORDS, WORDS, 0x200, 0);
    CHECK("protection_ends_with_the_bit", word_at(0x200), 0);
    FLASH_OPTCR |= FLASH_OPTCR_OPTLOCK;
    CHECK("optlock_locks_them_again", FLASH_OPTCR, before);
    unlock_options();
    change_options(protected & ~FLASH_OPTCR_OPTLOCK);
}

/* Section 3.4.2: what OPTSTRT has written is there after each reset, and nothing else. */
static void after_a_reset(void) {
    CHECK("options_outlive_a_reset", FLASH_OPTCR & FLASH_OPTCR_NWRP(SECTOR), 0);
    unlock_options();
    change_options((FLASH_OPTCR | FLASH_OPTCR_NWRP(SECTOR)) & ~FLASH_OPTCR_OPTLOCK);
    FLASH_OPTCR &= ~FLASH_OPTCR_NWRP(SECTOR);
    reset_with_step(NOT_STARTED);
}

static void after_another(void) {
    CHECK("those_without_optstrt_do_not", FLASH_OPTCR & FLASH_OPTCR_NWRP(SECTOR), FLASH_OPTCR_NWRP(SECTOR));
    unlock();
    erase(WORDS);
    FLASH_CR = FLASH_CR_LOCK;
    SHCSR |= SHCSR_BUSFAULTENA;
    FLASH_KEYR = ~FLASH_KEY1;
    dsb();
    unlock();
    CHECK("a_wrong_key_locks_until_the_next_reset", FLASH_CR, FLASH_CR_LOCK);
}

int main(void) {
    board_flush();
    SYST_CSR = 0;
    const uint32_t step = RETAINED[STEP];
    if (step == PROTECTED || step == NOT_STARTED) {
        check_resume(RETAINED[FAILURES]);
        (step == PROTECTED ? after_a_reset : after_another)();
        RETAINED[STEP] = FIRST;
        return check_verdict();
    }
    the_lock();
    erasing();
    programming();
    errors();
    interrupt();
    code();
    options();
    reset_with_step(PROTECTED);
}
