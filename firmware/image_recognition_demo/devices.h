/* The blocks that the demo drives beside the board's own: RM0385, a section each. */
#ifndef DEVICES_H
#define DEVICES_H

#include "blocks.h"

/* Section 8.5: DMA2, stream 1. */
#define DMA2_LISR REG32(0x40026400u)
#define DMA_LISR_TEIF1 (1u << 9)
#define DMA_LISR_TCIF1 (1u << 11)
#define DMA2_LIFCR REG32(0x40026408u)
#define DMA_LIFCR_STREAM1 (0x3Du << 6)
#define DMA2_S1CR REG32(0x40026428u)
#define DMA_CR_EN (1u << 0)
#define DMA_CR_MINC (1u << 10)
#define DMA_CR_PSIZE_WORD FIELD(2, 11)
#define DMA_CR_MSIZE_WORD FIELD(2, 13)
#define DMA_CR_PL_HIGH FIELD(2, 16)
#define DMA_CR_CHSEL(channel) FIELD(channel, 25)
#define DMA2_S1NDTR REG32(0x4002642Cu)
#define DMA2_S1PAR REG32(0x40026430u)
#define DMA2_S1M0AR REG32(0x40026434u)
#define DMA2_S1FCR REG32(0x4002643Cu)
#define DMA_FCR_DMDIS (1u << 2)
#define DMA_FCR_FTH_FULL 3u

/* Section 18.7 */
#define LTDC_L1CR REG32(0x40016884u)
#define LTDC_LCR_LEN (1u << 0)
#define LTDC_L1WHPCR REG32(0x40016888u)
#define LTDC_L1WVPCR REG32(0x4001688Cu)
#define LTDC_L1PFCR REG32(0x40016894u)
#define LTDC_PFCR_RGB565 2u
#define LTDC_L1CACR REG32(0x40016898u)
#define LTDC_L1BFCR REG32(0x400168A0u)
#define LTDC_BFCR_CONSTANT_ALPHA 0x0405u
#define LTDC_L1CFBAR REG32(0x400168ACu)
#define LTDC_L1CFBLR REG32(0x400168B0u)
#define LTDC_L1CFBLNR REG32(0x400168B4u)

#endif
