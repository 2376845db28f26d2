/* CAN1 in silent loopback at 500 kbit/s: modes, frames and their time, filters, both FIFOs, overrun, order of the mailboxes,
   interrupts; and alone on the bus, where nobody acknowledges. */
#include "can.h"
#include "check.h"

/* Section 40.7.7: 1 + 12 + 5 quanta of a sixth of APB1's 54 MHz. */
#define TIMING (CAN_BTR_BRP(6) | CAN_BTR_TS1(12) | CAN_BTR_TS2(5))
#define BIT_CYCLES (CORE_HZ / 500000u)
#define LOOPBACK (CAN_BTR_LBKM | CAN_BTR_SILM)
#define FRAME_TIME 2000u /* microseconds, more than any frame takes */

static volatile uint32_t received, completed, last_word;

void CAN1_RX0_IRQHandler(void);
void CAN1_TX_IRQHandler(void);

void CAN1_RX0_IRQHandler(void) {
    last_word = CAN_RDLR(0);
    CAN_RFR(0) = CAN_RFR_RFOM;
    received++;
    dsb();
}

void CAN1_TX_IRQHandler(void) {
    CAN_TSR = CAN_TSR_RQCP0;
    completed++;
    dsb();
}

static void initialise(uint32_t mode, uint32_t timing) {
    CAN_MCR = CAN_MCR_INRQ;
    CYCLES_UNTIL(CAN_MSR & CAN_MSR_INAK, FRAME_TIME);
    CAN_BTR = timing;
    CAN_MCR = CAN_MCR_INRQ | mode;
    CAN_MCR = mode;
    CYCLES_UNTIL((CAN_MSR & CAN_MSR_INAK) == 0, FRAME_TIME);
    CAN_TSR = CAN_TSR_RQCP0 | CAN_TSR_RQCP0 << 8 | CAN_TSR_RQCP0 << 16;
}

/* A bank of one scale of 32 bits, for FIFO 0 or 1: an identifier and a mask, or two identifiers. */
static void filter(unsigned bank, int list, unsigned fifo, uint32_t one, uint32_t two) {
    const uint32_t bit = 1u << bank;
    CAN_FMR |= CAN_FMR_FINIT;
    CAN_FA1R &= ~bit;
    CAN_FS1R |= bit;
    CAN_FM1R = list ? CAN_FM1R | bit : CAN_FM1R & ~bit;
    CAN_FFA1R = fifo ? CAN_FFA1R | bit : CAN_FFA1R & ~bit;
    CAN_FR1(bank) = one;
    CAN_FR2(bank) = two;
    CAN_FA1R |= bit;
    CAN_FMR &= ~CAN_FMR_FINIT;
}

static void request(unsigned mailbox, uint32_t identifier, uint32_t length, uint32_t low, uint32_t high) {
    CAN_TDTR(mailbox) = length;
    CAN_TDLR(mailbox) = low;
    CAN_TDHR(mailbox) = high;
    CAN_TIR(mailbox) = identifier;
    CAN_TIR(mailbox) = identifier | CAN_TIR_TXRQ;
}

static uint32_t send(uint32_t identifier, uint32_t length, uint32_t low, uint32_t high) {
    request(0, identifier, length, low, high);
    const uint32_t cycles = CYCLES_UNTIL(CAN_TSR & CAN_TSR_RQCP0, FRAME_TIME);
    wait_cycles(10u * BIT_CYCLES);
    return cycles;
}

static uint32_t pending(unsigned fifo) {
    return CAN_RFR(fifo) & CAN_RFR_FMP;
}

static void release(unsigned fifo) {
    CAN_RFR(fifo) = CAN_RFR_RFOM;
    CYCLES_UNTIL((CAN_RFR(fifo) & CAN_RFR_RFOM) == 0, 10);
}

static void modes(void) {
    CHECK("it_sleeps_after_reset", CAN_MSR & (CAN_MSR_SLAK | CAN_MSR_INAK), CAN_MSR_SLAK);
    CAN_MCR = CAN_MCR_INRQ;
    CHECK("inrq_leads_to_inak", CYCLES_UNTIL(CAN_MSR & CAN_MSR_INAK, FRAME_TIME) == NEVER, 0);
    CHECK("and_ends_the_sleep", CAN_MSR & CAN_MSR_SLAK, 0);
    CAN_BTR = TIMING | LOOPBACK;
    CAN_MCR = 0;
    const uint32_t joined = CYCLES_UNTIL((CAN_MSR & CAN_MSR_INAK) == 0, FRAME_TIME);
    CHECK_WITHIN("it_joins_after_eleven_recessive_bits", joined, 10u * BIT_CYCLES, 13u * BIT_CYCLES + LOOK);
    CHECK("three_mailboxes_are_empty", CAN_TSR & CAN_TSR_TME, CAN_TSR_TME);
}

/* ISO 11898-1: 44 bits beside the data, 3 of intermission, and no more than a stuff bit for each four from start to CRC. */
static void frames(void) {
    filter(0, 0, 0, 0, 0);
    const uint32_t cycles = send(CAN_IR_STID(0x123), 8, 0x44332211, 0x88776655);
    CHECK("rqcp_txok_and_tme_end_it", CAN_TSR & (CAN_TSR_RQCP0 | CAN_TSR_TXOK0 | CAN_TSR_TME0), CAN_TSR_RQCP0 | CAN_TSR_TXOK0 | CAN_TSR_TME0);
    CHECK_WITHIN("eight_bytes_take_108_bits_and_stuffing", cycles, 105u * BIT_CYCLES, (111u + 24u + 4u) * BIT_CYCLES);
    CHECK("it_is_received", pending(0), 1);
    CHECK("with_its_identifier", CAN_RIR(0), CAN_IR_STID(0x123));
    CHECK("its_length", CAN_RDTR(0) & CAN_RDTR_DLC, 8);
    CHECK("and_its_data", CAN_RDLR(0) == 0x44332211 && CAN_RDHR(0) == 0x88776655u, 1);
    release(0);
    CHECK("rfom_releases_it", pending(0), 0);
    send(CAN_IR_EXID(0x12345678) | CAN_IR_IDE, 1, 0x5A, 0);
    CHECK("extended_identifiers_have_29_bits", CAN_RIR(0), CAN_IR_EXID(0x12345678) | CAN_IR_IDE);
    release(0);
    send(CAN_IR_STID(0x7F) | CAN_IR_RTR, 4, 0, 0);
    CHECK("a_remote_frame_has_rtr_and_a_length", CAN_RIR(0) == (CAN_IR_STID(0x7F) | CAN_IR_RTR) && (CAN_RDTR(0) & CAN_RDTR_DLC) == 4, 1);
    release(0);
}

static void filters(void) {
    filter(0, 0, 0, CAN_IR_STID(0x120), CAN_IR_STID(0x7F0));
    filter(1, 1, 1, CAN_IR_STID(0x201), CAN_IR_STID(0x203));
    send(CAN_IR_STID(0x12F), 0, 0, 0);
    CHECK("a_mask_lets_its_group_in", pending(0), 1);
    CHECK("as_filter_0", CAN_RDTR(0) & CAN_RDTR_FMI, 0);
    send(CAN_IR_STID(0x203), 0, 0, 0);
    CHECK("a_list_lets_its_members_into_fifo_1", pending(1), 1);
    CHECK("as_its_second_filter", (CAN_RDTR(1) & CAN_RDTR_FMI) >> 8, 1);
    send(CAN_IR_STID(0x202), 0, 0, 0);
    CHECK("what_no_filter_wants_is_dropped", pending(0) << 4 | pending(1), 0x11);
    release(0);
    release(1);
    CAN_FMR |= CAN_FMR_FINIT;
    CAN_FA1R = 0;
    CAN_FMR &= ~CAN_FMR_FINIT;
    filter(0, 0, 0, 0, 0);
}

static void overrun(void) {
    for (uint32_t i = 1; i <= 3; i++) {
        send(CAN_IR_STID(i), 1, i, 0);
    }
    CHECK("three_frames_fill_a_fifo", CAN_RFR(0) & (CAN_RFR_FMP | CAN_RFR_FULL | CAN_RFR_FOVR), 3u | CAN_RFR_FULL);
    send(CAN_IR_STID(4), 1, 4, 0);
    CHECK("a_fourth_is_an_overrun", CAN_RFR(0) & CAN_RFR_FOVR, CAN_RFR_FOVR);
    uint32_t order = 0;
    while (pending(0)) {
        order = order << 4 | (CAN_RDLR(0) & 15u);
        release(0);
    }
    CHECK("it_replaces_the_last", order, 0x124);
    CAN_RFR(0) = CAN_RFR_FOVR | CAN_RFR_FULL;
    CHECK("ones_clear_the_flags", CAN_RFR(0), 0);
    CAN_MCR = CAN_MCR_RFLM;
    for (uint32_t i = 1; i <= 4; i++) {
        send(CAN_IR_STID(i), 1, i, 0);
    }
    for (order = 0; pending(0);) {
        order = order << 4 | (CAN_RDLR(0) & 15u);
        release(0);
    }
    CHECK("with_rflm_it_is_lost", order, 0x123);
    CAN_RFR(0) = CAN_RFR_FOVR | CAN_RFR_FULL;
    CAN_MCR = 0;
}

static uint32_t order_sent(uint32_t mode) {
    CAN_MCR = mode;
    request(0, CAN_IR_STID(0x30), 1, 3, 0);
    request(1, CAN_IR_STID(0x20), 1, 2, 0);
    request(2, CAN_IR_STID(0x10), 1, 1, 0);
    CYCLES_UNTIL(pending(0) == 3, 2u * FRAME_TIME);
    uint32_t order = 0;
    while (pending(0)) {
        order = order << 4 | (CAN_RDLR(0) & 15u);
        release(0);
    }
    wait_cycles(10u * BIT_CYCLES);
    CAN_TSR = CAN_TSR_RQCP0 | CAN_TSR_RQCP0 << 8 | CAN_TSR_RQCP0 << 16;
    return order;
}

static void mailboxes(void) {
    CHECK("the_first_is_on_its_way_then_identifiers_decide", order_sent(0), 0x312);
    CHECK("with_txfp_the_order_of_requests_does", order_sent(CAN_MCR_TXFP), 0x321);
    CAN_MCR = 0;
    request(0, CAN_IR_STID(0x100), 8, 0, 0);
    request(1, CAN_IR_STID(0x101), 8, 0, 0);
    CAN_TSR = CAN_TSR_ABRQ0 << 8;
    wait_cycles(20u * BIT_CYCLES);
    const uint32_t second = CAN_TSR >> 8 & 3u;
    CYCLES_UNTIL(CAN_TSR & CAN_TSR_RQCP0, FRAME_TIME);
    wait_cycles(200u * BIT_CYCLES);
    CHECK("abrq_takes_a_waiting_frame_back", second, CAN_TSR_RQCP0);
    CHECK("it_is_not_sent", pending(0), 1);
    release(0);
    CAN_TSR = CAN_TSR_RQCP0 | CAN_TSR_RQCP0 << 8;
}

static void interrupting(void) {
    enable_interrupt(CAN1_RX0_IRQ);
    enable_interrupt(CAN1_TX_IRQ);
    CAN_IER = CAN_IER_FMPIE0 | CAN_IER_TMEIE;
    request(0, CAN_IR_STID(0x55), 4, 0xCAFEF00Du, 0);
    CYCLES_UNTIL(received && completed, FRAME_TIME);
    wait_cycles(20u * BIT_CYCLES);
    CAN_IER = 0;
    CHECK("a_frame_interrupts_its_receiver_once", received, 1);
    CHECK("which_has_the_data", last_word, 0xCAFEF00Du);
    CHECK("and_its_sender_once", completed, 1);
}

/* Out of loopback, with nobody there; NART gives up after the first time. */
static void alone(void) {
    initialise(CAN_MCR_NART, TIMING);
    request(0, CAN_IR_STID(0x1), 0, 0, 0);
    CYCLES_UNTIL(CAN_TSR & CAN_TSR_RQCP0, FRAME_TIME);
    CHECK("unacknowledged_it_is_terr", CAN_TSR & (CAN_TSR_RQCP0 | CAN_TSR_TXOK0 | CAN_TSR_TERR0), CAN_TSR_RQCP0 | CAN_TSR_TERR0);
    CHECK("lec_tells_an_acknowledge_error", CAN_ESR & CAN_ESR_LEC, CAN_ESR_LEC_ACKNOWLEDGE);
    CHECK("which_counts_8", CAN_ESR >> 16 & 0xFFu, 8);
}

int main(void) {
    clock_on(&RCC_APB1ENR, RCC_APB1ENR_CAN1EN);
    modes();
    frames();
    filters();
    overrun();
    mailboxes();
    interrupting();
    alone();
    return check_verdict();
}
