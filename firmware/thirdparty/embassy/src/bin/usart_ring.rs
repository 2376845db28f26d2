//! Echo of an endless stream: DMA fills a ring of 32 bytes round and round, and another stream sends what was taken out of it.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_stm32::usart::{self, Config, Uart};
use embassy_stm32::{bind_interrupts, dma, peripherals};
use static_cell::StaticCell;

bind_interrupts!(struct Irqs {
    USART1 => usart::InterruptHandler<peripherals::USART1>;
    DMA2_STREAM7 => dma::InterruptHandler<peripherals::DMA2_CH7>;
    DMA2_STREAM2 => dma::InterruptHandler<peripherals::DMA2_CH2>;
});

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    static RING: StaticCell<[u8; 32]> = StaticCell::new();
    let p = embassy_stm32::init(programs::board());
    let uart = Uart::new(p.USART1, p.PB7, p.PA9, p.DMA2_CH7, p.DMA2_CH2, Irqs, Config::default()).unwrap();
    let (mut tx, rx) = uart.split();
    let mut rx = rx.into_ring_buffered(RING.init([0; 32]));
    let mut chunk = [0; 16];
    loop {
        let length = rx.read(&mut chunk).await.unwrap();
        tx.write(&chunk[..length]).await.unwrap();
    }
}
