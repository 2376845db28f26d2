//! A node on a CAN bus of 500 kbit/s that answers frames 0x120 to 0x12F, and extended ones 0x1ABCD00 to 0x1ABCDFF, with the
//! identifier that follows and the bytes in reverse; a filter keeps all others away.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_stm32::can::filter::Mask32;
use embassy_stm32::can::{
    Can, ExtendedId, Fifo, Frame, Id, Rx0InterruptHandler, Rx1InterruptHandler, SceInterruptHandler, StandardId,
    TxInterruptHandler,
};
use embassy_stm32::{bind_interrupts, peripherals};
use programs as _;

bind_interrupts!(struct Irqs {
    CAN1_TX => TxInterruptHandler<peripherals::CAN1>;
    CAN1_RX0 => Rx0InterruptHandler<peripherals::CAN1>;
    CAN1_RX1 => Rx1InterruptHandler<peripherals::CAN1>;
    CAN1_SCE => SceInterruptHandler<peripherals::CAN1>;
});

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let p = embassy_stm32::init(programs::board());
    let mut can = Can::new(p.CAN1, p.PD0, p.PD1, Irqs);
    let standard = Mask32::frames_with_std_id(StandardId::new(0x120).unwrap(), StandardId::new(0x7F0).unwrap());
    let extended =
        Mask32::frames_with_ext_id(ExtendedId::new(0x1AB_CD00).unwrap(), ExtendedId::new(0x1FFF_FF00).unwrap());
    can.modify_filters().enable_bank(0, Fifo::Fifo0, standard).enable_bank(1, Fifo::Fifo1, extended);
    can.modify_config().set_bitrate(500_000).set_loopback(false).set_silent(false);
    can.enable().await;
    loop {
        let (frame, _) = can.read().await.unwrap().parts();
        let id: Id = match frame.id() {
            Id::Standard(id) => StandardId::new(id.as_raw() + 1).unwrap().into(),
            Id::Extended(id) => ExtendedId::new(id.as_raw() + 1).unwrap().into(),
        };
        let mut data = [0; 8];
        let length = frame.data().len();
        for (n, byte) in frame.data().iter().rev().enumerate() {
            data[n] = *byte;
        }
        can.write(&Frame::new_data(id, &data[..length]).unwrap()).await;
    }
}
