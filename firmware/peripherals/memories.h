/* FMC's SDRAM half, QUADSPI, SDMMC1, and the MPU's regions for them: RM0385 sections 13.7, 14.5 and 35.8; Armv7-M ARM B3.5. */
#ifndef MEMORIES_H
#define MEMORIES_H

#include "clocks.h"

#define SDRAM 0xC0000000u
#define SDRAM_BYTES 0x800000u
enum sdram_command { NORMAL, CLOCK_ENABLE, PRECHARGE_ALL, AUTO_REFRESH, LOAD_MODE, SELF_REFRESH, POWER_DOWN };
#define FMC_SDRTR_COUNT(cycles) FIELD(cycles, 1)
#define FMC_SDSR_MODES1 FIELD(3, 1)

#define QUADSPI_CR REG32(0xA0001000u)
#define QUADSPI_CR_EN (1u << 0)
#define QUADSPI_CR_ABORT (1u << 1)
#define QUADSPI_CR_DMAEN (1u << 2)
#define QUADSPI_CR_FTHRES(bytes) FIELD((bytes) - 1u, 8)
#define QUADSPI_CR_TCIE (1u << 17)
#define QUADSPI_CR_APMS (1u << 22)
#define QUADSPI_CR_PRESCALER(divisor) FIELD((divisor) - 1u, 24)
#define QUADSPI_DCR REG32(0xA0001004u)
#define QUADSPI_DCR_FSIZE(log2_bytes) FIELD((log2_bytes) - 1u, 16)
#define QUADSPI_DCR_CSHT(cycles) FIELD((cycles) - 1u, 8)
#define QUADSPI_SR REG32(0xA0001008u)
#define QUADSPI_SR_TEF (1u << 0)
#define QUADSPI_SR_TCF (1u << 1)
#define QUADSPI_SR_FTF (1u << 2)
#define QUADSPI_SR_SMF (1u << 3)
#define QUADSPI_SR_BUSY (1u << 5)
#define QUADSPI_SR_FLEVEL FIELD(63, 8)
#define QUADSPI_FCR REG32(0xA000100Cu)
#define QUADSPI_FCR_ALL 0x1Bu
#define QUADSPI_DLR REG32(0xA0001010u)
#define QUADSPI_CCR REG32(0xA0001014u)
#define QUADSPI_CCR_IMODE_1 FIELD(1, 8)
#define QUADSPI_CCR_ADMODE_1 FIELD(1, 10)
#define QUADSPI_CCR_ADMODE_4 FIELD(3, 10)
#define QUADSPI_CCR_ADSIZE_24 FIELD(2, 12)
#define QUADSPI_CCR_DCYC(cycles) FIELD(cycles, 18)
#define QUADSPI_CCR_DMODE_1 FIELD(1, 24)
#define QUADSPI_CCR_DMODE_4 FIELD(3, 24)
#define QUADSPI_CCR_FMODE_WRITE FIELD(0, 26)
#define QUADSPI_CCR_FMODE_READ FIELD(1, 26)
#define QUADSPI_CCR_FMODE_POLL FIELD(2, 26)
#define QUADSPI_CCR_FMODE_MAPPED FIELD(3, 26)
#define QUADSPI_AR REG32(0xA0001018u)
#define QUADSPI_DR REG32(0xA0001020u)
#define QUADSPI_DR8 (*(volatile uint8_t *)0xA0001020u)
#define QUADSPI_PSMKR REG32(0xA0001024u)
#define QUADSPI_PSMAR REG32(0xA0001028u)
#define QUADSPI_PIR REG32(0xA000102Cu)
#define QUADSPI_MEMORY 0x90000000u
#define QUADSPI_IRQ 92u

#define SDMMC_POWER REG32(0x40012C00u)
#define SDMMC_POWER_ON 3u
#define SDMMC_CLKCR REG32(0x40012C04u)
#define SDMMC_CLKCR_CLKDIV(divisor) ((divisor) - 2u)
#define SDMMC_CLKCR_CLKEN (1u << 8)
#define SDMMC_CLKCR_WIDBUS_4 FIELD(1, 11)
#define SDMMC_ARG REG32(0x40012C08u)
#define SDMMC_CMD REG32(0x40012C0Cu)
#define SDMMC_CMD_SHORT FIELD(1, 6)
#define SDMMC_CMD_LONG FIELD(3, 6)
#define SDMMC_CMD_CPSMEN (1u << 10)
#define SDMMC_RESPCMD REG32(0x40012C10u)
#define SDMMC_RESP(n) REG32(0x40012C10u + 4u * (n))
#define SDMMC_DTIMER REG32(0x40012C24u)
#define SDMMC_DLEN REG32(0x40012C28u)
#define SDMMC_DCTRL REG32(0x40012C2Cu)
#define SDMMC_DCTRL_DTEN (1u << 0)
#define SDMMC_DCTRL_DTDIR (1u << 1)
#define SDMMC_DCTRL_DMAEN (1u << 3)
#define SDMMC_DCTRL_BLOCK_512 FIELD(9, 4)
#define SDMMC_DCOUNT REG32(0x40012C30u)
#define SDMMC_STA REG32(0x40012C34u)
#define SDMMC_STA_CCRCFAIL (1u << 0)
#define SDMMC_STA_CTIMEOUT (1u << 2)
#define SDMMC_STA_DTIMEOUT (1u << 3)
#define SDMMC_STA_TXUNDERR (1u << 4)
#define SDMMC_STA_RXOVERR (1u << 5)
#define SDMMC_STA_CMDREND (1u << 6)
#define SDMMC_STA_CMDSENT (1u << 7)
#define SDMMC_STA_DATAEND (1u << 8)
#define SDMMC_STA_DBCKEND (1u << 10)
#define SDMMC_STA_TXFIFOHE (1u << 14)
#define SDMMC_STA_RXFIFOHF (1u << 15)
#define SDMMC_STA_RXDAVL (1u << 21)
#define SDMMC_ICR REG32(0x40012C38u)
#define SDMMC_ICR_ALL 0x5FFu
#define SDMMC_FIFO REG32(0x40012C80u)

#define MPU_CTRL REG32(0xE000ED94u)
#define MPU_CTRL_ENABLE (1u << 0)
#define MPU_CTRL_PRIVDEFENA (1u << 2)
#define MPU_RNR REG32(0xE000ED98u)
#define MPU_RBAR REG32(0xE000ED9Cu)
#define MPU_RASR REG32(0xE000EDA0u)
#define MPU_RASR_ENABLE (1u << 0)
#define MPU_RASR_SIZE(log2_bytes) FIELD((log2_bytes) - 1u, 1)
#define MPU_RASR_WRITE_THROUGH FIELD(2, 16)
#define MPU_RASR_NOT_CACHED FIELD(8, 16)
#define MPU_RASR_FULL_ACCESS FIELD(3, 24)
#define MPU_RASR_XN (1u << 28)

/* A region of 2^log2_bytes that is memory; without one, what lies behind the FMC is Device memory. */
static inline void map_as_memory(unsigned region, uint32_t start, unsigned log2_bytes, uint32_t attributes) {
    MPU_CTRL = 0;
    MPU_RNR = region;
    MPU_RBAR = start;
    MPU_RASR = MPU_RASR_XN | MPU_RASR_FULL_ACCESS | attributes | MPU_RASR_SIZE(log2_bytes) | MPU_RASR_ENABLE;
    MPU_CTRL = MPU_CTRL_PRIVDEFENA | MPU_CTRL_ENABLE;
    dsb();
    isb();
}

#endif
