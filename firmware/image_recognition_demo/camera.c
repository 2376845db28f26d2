/* The sensor's pixels through DCMI and DMA2 stream 1: RM0385 chapters 8 and 15. */
#include "camera.h"

#include "devices.h"
#include "sensor.h"

#define DCMI_IRQ 78u
#define FRAME_BYTES (2u * CAMERA_WIDTH * CAMERA_HEIGHT)
#define CACHE_LINE 32u

static volatile uint32_t ended; /* DCMI's flags, once a frame is over */

void DCMI_IRQHandler(void);

void DCMI_IRQHandler(void) {
    ended = DCMI_MIS;
    DCMI_ICR = DCMI_ICR_ALL;
    dsb();
}

int camera_init(void) {
    if (sensor_init()) {
        return -1;
    }
    RCC_AHB1ENR |= RCC_AHB1ENR_DMA2EN;
    RCC_AHB2ENR |= RCC_AHB2ENR_DCMIEN;
    (void)RCC_AHB2ENR;
    DCMI_CR = DCMI_CR_PCKPOL_RISING | DCMI_CR_VSPOL_HIGH | DCMI_CR_CM_SNAPSHOT;
    DCMI_IER = DCMI_FRAME | DCMI_OVR;
    enable_interrupt(DCMI_IRQ);
    DCMI_CR |= DCMI_CR_ENABLE;
    return 0;
}

static void dma_start(uint16_t *frame) {
    DMA2_S1CR = 0;
    while (DMA2_S1CR & DMA_CR_EN) {
    }
    DMA2_LIFCR = DMA_LIFCR_STREAM1;
    DMA2_S1PAR = DCMI_DR_ADDRESS;
    DMA2_S1M0AR = (uint32_t)frame;
    DMA2_S1NDTR = FRAME_BYTES / 4u;
    DMA2_S1FCR = DMA_FCR_DMDIS | DMA_FCR_FTH_FULL;
    DMA2_S1CR = DMA_CR_CHSEL(1) | DMA_CR_PL_HIGH | DMA_CR_MSIZE_WORD | DMA_CR_PSIZE_WORD | DMA_CR_MINC;
    DMA2_S1CR |= DMA_CR_EN;
}

/* What the caches hold of the frame is older than what the DMA wrote. */
static void forget_cached(const uint16_t *frame) {
    dsb();
    for (uint32_t line = (uint32_t)frame; line < (uint32_t)frame + FRAME_BYTES; line += CACHE_LINE) {
        DCIMVAC = line;
    }
    dsb();
}

int camera_snapshot(uint16_t *frame) {
    forget_cached(frame); /* so that no line of it is written back over the new one */
    DCMI_ICR = DCMI_ICR_ALL;
    ended = 0;
    dma_start(frame);
    DCMI_CR |= DCMI_CR_CAPTURE;
    while (ended == 0) {
        wfi();
    }
    const int whole = (ended & DCMI_OVR) == 0;
    while (whole && (DMA2_LISR & (DMA_LISR_TCIF1 | DMA_LISR_TEIF1)) == 0) {
    }
    forget_cached(frame);
    return whole && (DMA2_LISR & DMA_LISR_TEIF1) == 0 ? 0 : -1;
}
