/* Both caches on, by CMSIS-Core's sequence: Armv7-M ARM section B2.2. */
#include "caches.h"

#include "core.h"

static void invalidate_dcache(void) {
    CSSELR = 0;
    dsb();
    const uint32_t size = CCSIDR;
    const uint32_t last_set = size >> 13 & 0x7FFFu;
    const uint32_t last_way = size >> 3 & 0x3FFu;
    for (uint32_t set = 0; set <= last_set; set++) {
        for (uint32_t way = 0; way <= last_way; way++) {
            DCISW = set << 5 | way << 30;
        }
    }
    dsb();
}

void caches_init(void) {
    dsb();
    isb();
    ICIALLU = 0;
    dsb();
    isb();
    CCR |= CCR_IC;
    dsb();
    isb();
    invalidate_dcache();
    CCR |= CCR_DC;
    dsb();
    isb();
}
