/* CRC: polynomials of 32, 16, 8 and 7 bits against the published check values of "123456789"; bit orders; widths of access. */
#include "check.h"
#include "clocks.h"

#define CRC_DR REG32(0x40023000u)
#define CRC_DR8 (*(volatile uint8_t *)0x40023000u)
#define CRC_DR16 (*(volatile uint16_t *)0x40023000u)
#define CRC_IDR REG32(0x40023004u)
#define CRC_CR REG32(0x40023008u)
#define CRC_CR_RESET (1u << 0)
#define CRC_CR_POLYSIZE_16 FIELD(1, 3)
#define CRC_CR_POLYSIZE_8 FIELD(2, 3)
#define CRC_CR_POLYSIZE_7 FIELD(3, 3)
#define CRC_CR_REV_IN_BYTES FIELD(1, 5)
#define CRC_CR_REV_IN_HALFWORDS FIELD(2, 5)
#define CRC_CR_REV_IN_WORDS FIELD(3, 5)
#define CRC_CR_REV_OUT (1u << 7)
#define CRC_INIT REG32(0x40023010u)
#define CRC_POL REG32(0x40023014u)

static const char text[] = "123456789";

static uint32_t of_text(uint32_t polynomial, uint32_t start, uint32_t control) {
    CRC_POL = polynomial;
    CRC_INIT = start;
    CRC_CR = control | CRC_CR_RESET;
    for (const char *byte = text; *byte; byte++) {
        CRC_DR8 = (uint8_t)*byte;
    }
    return CRC_DR;
}

/* Values as the catalogue of parametrised CRC algorithms has them. */
static void known_values(void) {
    const uint32_t reflected = CRC_CR_REV_IN_BYTES | CRC_CR_REV_OUT;
    CHECK("crc_32_mpeg_2", of_text(0x04C11DB7, 0xFFFFFFFFu, 0), 0x0376E6E7);
    CHECK("crc_32_iso_hdlc", ~of_text(0x04C11DB7, 0xFFFFFFFFu, reflected), 0xCBF43926u);
    CHECK("crc_32_iscsi", ~of_text(0x1EDC6F41, 0xFFFFFFFFu, reflected), 0xE3069283u);
    CHECK("crc_16_ibm_3740", of_text(0x1021, 0xFFFF, CRC_CR_POLYSIZE_16), 0x29B1);
    CHECK("crc_16_arc", of_text(0x8005, 0, CRC_CR_POLYSIZE_16 | reflected), 0xBB3D);
    CHECK("crc_8_smbus", of_text(0x07, 0, CRC_CR_POLYSIZE_8), 0xF4);
    CHECK("crc_7_mmc", of_text(0x09, 0, CRC_CR_POLYSIZE_7), 0x75);
}

static void at_reset(void) {
    CHECK("dr_is_all_ones_at_reset", CRC_DR, 0xFFFFFFFFu);
    CHECK("pol_is_that_of_ethernet_at_reset", CRC_POL, 0x04C11DB7);
    CRC_DR = 0;
    CHECK("a_word_of_zeros", CRC_DR, 0xC704DD7Bu);
    CRC_CR = CRC_CR_RESET;
    CHECK("reset_loads_init", CRC_DR, 0xFFFFFFFFu);
    CHECK("reset_falls_by_itself", CRC_CR, 0);
    CRC_IDR = 0x1A5;
    CRC_CR = CRC_CR_RESET;
    CHECK("idr_keeps_a_byte_through_reset", CRC_IDR, 0xA5);
}

static uint32_t of_word(uint32_t control, uint32_t width, uint32_t word) {
    CRC_CR = control | CRC_CR_RESET;
    if (width == 4) {
        CRC_DR = word;
    } else if (width == 2) {
        CRC_DR16 = (uint16_t)(word >> 16);
        CRC_DR16 = (uint16_t)word;
    } else {
        for (int shift = 24; shift >= 0; shift -= 8) {
            CRC_DR8 = (uint8_t)(word >> shift);
        }
    }
    return CRC_DR;
}

static void widths_and_orders(void) {
    CRC_POL = 0x04C11DB7;
    CRC_INIT = 0xFFFFFFFFu;
    const uint32_t whole = of_word(0, 4, 0x12345678);
    CHECK("a_word_is_its_bytes_from_the_top", of_word(0, 1, 0x12345678), whole);
    CHECK("a_word_is_its_halves_from_the_top", of_word(0, 2, 0x12345678), whole);
    CHECK("rev_in_of_bytes", of_word(CRC_CR_REV_IN_BYTES, 4, 0x482C6A1Eu), whole);
    CHECK("rev_in_of_halfwords", of_word(CRC_CR_REV_IN_HALFWORDS, 4, 0x2C481E6Au), whole);
    CHECK("rev_in_of_words", of_word(CRC_CR_REV_IN_WORDS, 4, 0x1E6A2C48), whole);
    uint32_t turned = of_word(CRC_CR_REV_OUT, 4, 0x12345678), straight = 0;
    for (int bit = 0; bit < 32; bit++, turned >>= 1) {
        straight = straight << 1 | (turned & 1u);
    }
    CHECK("rev_out_turns_the_result", straight, whole);
}

int main(void) {
    clock_on(&RCC_AHB1ENR, RCC_AHB1ENR_CRCEN);
    at_reset();
    known_values();
    widths_and_orders();
    return check_verdict();
}
