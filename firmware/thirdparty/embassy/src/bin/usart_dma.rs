//! Echo by DMA both ways: what has come when the line falls silent, 64 bytes at the most, goes back.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_stm32::usart::{self, Config, Uart};
use embassy_stm32::{bind_interrupts, dma, peripherals};
use programs as _;

bind_interrupts!(struct Irqs {
    USART1 => usart::InterruptHandler<peripherals::USART1>;
    DMA2_STREAM7 => dma::InterruptHandler<peripherals::DMA2_CH7>;
    DMA2_STREAM2 => dma::InterruptHandler<peripherals::DMA2_CH2>;
});

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let p = embassy_stm32::init(programs::board());
    let mut uart = Uart::new(p.USART1, p.PB7, p.PA9, p.DMA2_CH7, p.DMA2_CH2, Irqs, Config::default()).unwrap();
    let mut buffer = [0; 64];
    loop {
        let length = uart.read_until_idle(&mut buffer).await.unwrap();
        // The line is silent for the first time as soon as the receiver is on.
        if length > 0 {
            uart.write(&buffer[..length]).await.unwrap();
        }
    }
}
