/* Code in the ITCM with data in the DTCM, the same code in flash and SRAM, calls between them, the cycles of each. */
#include <string.h>

#include "board.h"
#include "core.h"
#include "selftest.h"

#define LENGTH 256u

#define BODY(name) \
    uint32_t name(const uint32_t *words, uint32_t length) { \
        uint32_t sum = 0; \
        for (uint32_t i = 0; i < length; i++) { \
            sum = (sum << 5 | sum >> 27) ^ words[i]; \
        } \
        return sum; \
    }

__attribute__((section(".itcm_text.mix"), noinline)) static BODY(mix_in_itcm)
__attribute__((noinline)) static BODY(mix_in_flash)

__attribute__((section(".dtcm_data.words"))) static uint32_t dtcm_words[LENGTH] = {1, 2, 3};
__attribute__((section(".sram1_data.words"))) static uint32_t sram_words[LENGTH] = {4, 5, 6};
__attribute__((section(".dtcm_bss.zeros"))) static uint32_t dtcm_zeros[4];

__attribute__((section(".itcm_text.fib"), noinline)) static uint32_t fibonacci(uint32_t n) {
    return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
}

/* From the ITCM into flash and back: the linker puts a veneer between. */
__attribute__((section(".itcm_text.calls"), noinline)) static uint32_t calls_flash(uint32_t n) {
    uint32_t (*const volatile in_flash)(const uint32_t *, uint32_t) = mix_in_flash;
    return in_flash(dtcm_words, n) + mix_in_itcm(dtcm_words, n);
}

static uint32_t cycles_of(uint32_t (*function)(const uint32_t *, uint32_t), const uint32_t *words) {
    function(words, LENGTH);
    board_flush();
    const uint32_t before = board_cycles();
    function(words, LENGTH);
    return board_cycles() - before;
}

int main(void) {
    claim("the function lies in the ITCM", ((uint32_t)mix_in_itcm & ~1u) < 0x00204000u && (uint32_t)mix_in_itcm > 0);
    claim("the data lie in the DTCM", (uint32_t)dtcm_words >> 16 == 0x2000u);
    claim("the other data lie in SRAM1", (uint32_t)sram_words >= 0x20010000u);
    claim("initial values were copied", dtcm_words[2] == 3 && sram_words[2] == 6);
    claim("and zeros written", (dtcm_zeros[0] | dtcm_zeros[1] | dtcm_zeros[2] | dtcm_zeros[3]) == 0);
    for (uint32_t i = 0; i < LENGTH; i++) {
        dtcm_words[i] = sram_words[i] = i * 2654435761u;
    }
    claim_equal("ITCM and flash compute the same", mix_in_itcm(dtcm_words, LENGTH), mix_in_flash(dtcm_words, LENGTH));
    claim_equal("DTCM and SRAM hold the same", mix_in_itcm(sram_words, LENGTH), mix_in_itcm(dtcm_words, LENGTH));
    claim_equal("recursion in the ITCM", fibonacci(15), 610);
    claim_equal("calls from the ITCM into flash and back", calls_flash(9), 2u * mix_in_flash(dtcm_words, 9));
    SYST_CSR = 0;
    printf("cycles itcm-dtcm %lu\n", (unsigned long)cycles_of(mix_in_itcm, dtcm_words));
    printf("cycles flash-dtcm %lu\n", (unsigned long)cycles_of(mix_in_flash, dtcm_words));
    printf("cycles itcm-sram %lu\n", (unsigned long)cycles_of(mix_in_itcm, sram_words));
    printf("cycles flash-sram %lu\n", (unsigned long)cycles_of(mix_in_flash, sram_words));
    return verdict();
}
