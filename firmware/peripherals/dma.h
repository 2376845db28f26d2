/* DMA1 and DMA2: RM0385 section 8.5. */
#ifndef DMA_H
#define DMA_H

#include "clocks.h"

#define DMA1 0x40026000u
#define DMA2 0x40026400u
/* Four streams each. */
#define DMA_ISR(dma, stream) REG32((dma) + 0x00u + 4u * ((stream) / 4u))
#define DMA_IFCR(dma, stream) REG32((dma) + 0x08u + 4u * ((stream) / 4u))
/* A stream's flags in them. */
#define DMA_FEIF (1u << 0)
#define DMA_DMEIF (1u << 2)
#define DMA_TEIF (1u << 3)
#define DMA_HTIF (1u << 4)
#define DMA_TCIF (1u << 5)
#define DMA_FLAGS 0x3Du
#define DMA_SCR(dma, stream) REG32((dma) + 0x10u + 0x18u * (stream))
#define DMA_SCR_EN (1u << 0)
#define DMA_SCR_DMEIE (1u << 1)
#define DMA_SCR_TEIE (1u << 2)
#define DMA_SCR_HTIE (1u << 3)
#define DMA_SCR_TCIE (1u << 4)
#define DMA_SCR_DIR_M2P FIELD(1, 6)
#define DMA_SCR_DIR_M2M FIELD(2, 6)
#define DMA_SCR_CIRC (1u << 8)
#define DMA_SCR_PINC (1u << 9)
#define DMA_SCR_MINC (1u << 10)
#define DMA_SCR_PSIZE(log2_bytes) FIELD(log2_bytes, 11)
#define DMA_SCR_MSIZE(log2_bytes) FIELD(log2_bytes, 13)
#define DMA_SCR_PL(level) FIELD(level, 16)
#define DMA_SCR_DBM (1u << 18)
#define DMA_SCR_CT (1u << 19)
#define DMA_SCR_MBURST_INCR4 FIELD(1, 23)
#define DMA_SCR_MBURST_INCR16 FIELD(3, 23)
#define DMA_SCR_CHSEL(channel) FIELD(channel, 25)
#define DMA_SNDTR(dma, stream) REG32((dma) + 0x14u + 0x18u * (stream))
#define DMA_SPAR(dma, stream) REG32((dma) + 0x18u + 0x18u * (stream))
#define DMA_SM0AR(dma, stream) REG32((dma) + 0x1Cu + 0x18u * (stream))
#define DMA_SM1AR(dma, stream) REG32((dma) + 0x20u + 0x18u * (stream))
#define DMA_SFCR(dma, stream) REG32((dma) + 0x24u + 0x18u * (stream))
#define DMA_SFCR_FTH(quarters_less_one) (quarters_less_one)
#define DMA_SFCR_DMDIS (1u << 2)
#define DMA_SFCR_FEIE (1u << 7)
#define DMA1_STREAM1_IRQ 12u
#define DMA2_STREAM0_IRQ 56u
#define DMA2_STREAM2_IRQ 58u
#define DMA2_STREAM5_IRQ 68u

static inline unsigned dma_flags_at(unsigned stream) {
    static const uint8_t at[4] = {0, 6, 16, 22};
    return at[stream % 4u];
}

static inline uint32_t dma_flags(uint32_t dma, unsigned stream) {
    return DMA_ISR(dma, stream) >> dma_flags_at(stream) & DMA_FLAGS;
}

static inline void dma_clear(uint32_t dma, unsigned stream) {
    DMA_IFCR(dma, stream) = DMA_FLAGS << dma_flags_at(stream);
}

/* Section 8.3, stream configuration procedure. EN is `control`'s to give. */
static inline void dma_start(
    uint32_t dma, unsigned stream, uint32_t peripheral, volatile void *memory, uint32_t count, uint32_t fifo, uint32_t control
) {
    clock_on(&RCC_AHB1ENR, dma == DMA1 ? RCC_AHB1ENR_DMA1EN : RCC_AHB1ENR_DMA2EN);
    DMA_SCR(dma, stream) = 0;
    while (DMA_SCR(dma, stream) & DMA_SCR_EN) {
    }
    dma_clear(dma, stream);
    DMA_SPAR(dma, stream) = peripheral;
    DMA_SM0AR(dma, stream) = (uint32_t)memory;
    DMA_SNDTR(dma, stream) = count;
    DMA_SFCR(dma, stream) = fifo;
    DMA_SCR(dma, stream) = control & ~DMA_SCR_EN;
    dsb();
    DMA_SCR(dma, stream) = control | DMA_SCR_EN;
}

#endif
