/* bxCAN: RM0385 section 40.9. */
#ifndef CAN_H
#define CAN_H

#include "clocks.h"

#define CAN1 0x40006400u
#define CAN_MCR REG32(CAN1 + 0x00u)
#define CAN_MCR_INRQ (1u << 0)
#define CAN_MCR_SLEEP (1u << 1)
#define CAN_MCR_TXFP (1u << 2)
#define CAN_MCR_RFLM (1u << 3)
#define CAN_MCR_NART (1u << 4)
#define CAN_MSR REG32(CAN1 + 0x04u)
#define CAN_MSR_INAK (1u << 0)
#define CAN_MSR_SLAK (1u << 1)
#define CAN_TSR REG32(CAN1 + 0x08u)
#define CAN_TSR_RQCP0 (1u << 0)
#define CAN_TSR_TXOK0 (1u << 1)
#define CAN_TSR_TERR0 (1u << 3)
#define CAN_TSR_ABRQ0 (1u << 7)
#define CAN_TSR_TME FIELD(7, 26)
#define CAN_TSR_TME0 (1u << 26)
#define CAN_RFR(fifo) REG32(CAN1 + 0x0Cu + 4u * (fifo))
#define CAN_RFR_FMP 3u
#define CAN_RFR_FULL (1u << 3)
#define CAN_RFR_FOVR (1u << 4)
#define CAN_RFR_RFOM (1u << 5)
#define CAN_IER REG32(CAN1 + 0x14u)
#define CAN_IER_TMEIE (1u << 0)
#define CAN_IER_FMPIE0 (1u << 1)
#define CAN_ESR REG32(CAN1 + 0x18u)
#define CAN_ESR_LEC FIELD(7, 4)
#define CAN_ESR_LEC_ACKNOWLEDGE FIELD(3, 4)
#define CAN_BTR REG32(CAN1 + 0x1Cu)
#define CAN_BTR_BRP(divisor) ((divisor) - 1u)
#define CAN_BTR_TS1(quanta) FIELD((quanta) - 1u, 16)
#define CAN_BTR_TS2(quanta) FIELD((quanta) - 1u, 20)
#define CAN_BTR_LBKM (1u << 30)
#define CAN_BTR_SILM (1u << 31)
#define CAN_TIR(mailbox) REG32(CAN1 + 0x180u + 0x10u * (mailbox))
#define CAN_TIR_TXRQ (1u << 0)
#define CAN_IR_RTR (1u << 1)
#define CAN_IR_IDE (1u << 2)
#define CAN_IR_EXID(identifier) FIELD(identifier, 3)
#define CAN_IR_STID(identifier) FIELD(identifier, 21)
#define CAN_TDTR(mailbox) REG32(CAN1 + 0x184u + 0x10u * (mailbox))
#define CAN_TDLR(mailbox) REG32(CAN1 + 0x188u + 0x10u * (mailbox))
#define CAN_TDHR(mailbox) REG32(CAN1 + 0x18Cu + 0x10u * (mailbox))
#define CAN_RIR(fifo) REG32(CAN1 + 0x1B0u + 0x10u * (fifo))
#define CAN_RDTR(fifo) REG32(CAN1 + 0x1B4u + 0x10u * (fifo))
#define CAN_RDTR_DLC 15u
#define CAN_RDTR_FMI FIELD(255, 8)
#define CAN_RDLR(fifo) REG32(CAN1 + 0x1B8u + 0x10u * (fifo))
#define CAN_RDHR(fifo) REG32(CAN1 + 0x1BCu + 0x10u * (fifo))
#define CAN_FMR REG32(CAN1 + 0x200u)
#define CAN_FMR_FINIT (1u << 0)
#define CAN_FM1R REG32(CAN1 + 0x204u)
#define CAN_FS1R REG32(CAN1 + 0x20Cu)
#define CAN_FFA1R REG32(CAN1 + 0x214u)
#define CAN_FA1R REG32(CAN1 + 0x21Cu)
#define CAN_FR1(bank) REG32(CAN1 + 0x240u + 8u * (bank))
#define CAN_FR2(bank) REG32(CAN1 + 0x244u + 8u * (bank))
#define CAN1_TX_IRQ 19u
#define CAN1_RX0_IRQ 20u

#endif
