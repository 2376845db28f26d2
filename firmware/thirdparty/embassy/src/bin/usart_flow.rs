//! Flow control at USART6 (D0, D1; RTS at PG12, CTS at PG13), a megabaud: bytes are taken one a millisecond, and each goes back
//! as soon as the other side lets it.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_stm32::usart::{self, Config, Uart};
use embassy_stm32::{bind_interrupts, dma, peripherals};
use embassy_time::Timer;
use programs as _;

bind_interrupts!(struct Irqs {
    USART6 => usart::InterruptHandler<peripherals::USART6>;
    DMA2_STREAM6 => dma::InterruptHandler<peripherals::DMA2_CH6>;
    DMA2_STREAM1 => dma::InterruptHandler<peripherals::DMA2_CH1>;
});

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let p = embassy_stm32::init(programs::board());
    let mut config = Config::default();
    config.baudrate = 1_000_000;
    config.detect_previous_overrun = true;
    let mut uart =
        Uart::new_with_rtscts(p.USART6, p.PC7, p.PC6, p.PG12, p.PG13, p.DMA2_CH6, p.DMA2_CH1, Irqs, config).unwrap();
    loop {
        let mut byte = [0];
        uart.read(&mut byte).await.unwrap();
        uart.write(&byte).await.unwrap();
        Timer::after_millis(1).await;
    }
}
