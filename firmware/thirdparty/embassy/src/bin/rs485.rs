//! A node on an RS-485 line at USART6 (PC6, PC7, driver enable at PG8), 57,600 baud, even parity, two stop bits: a message goes
//! back in reverse, and one that is damaged is answered by a letter.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_stm32::usart::{self, Config, Error, Parity, StopBits, Uart};
use embassy_stm32::{bind_interrupts, dma, peripherals};
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
    config.baudrate = 57_600;
    config.parity = Parity::ParityEven;
    config.stop_bits = StopBits::STOP2;
    config.de_assertion_time = 16;
    config.de_deassertion_time = 8;
    let mut uart = Uart::new_with_de(p.USART6, p.PC7, p.PC6, p.PG8, p.DMA2_CH6, p.DMA2_CH1, Irqs, config).unwrap();
    let mut buffer = [0; 32];
    loop {
        let answer: &[u8] = match uart.read_until_idle(&mut buffer).await {
            Ok(0) => continue,
            Ok(length) => {
                buffer[..length].reverse();
                &buffer[..length]
            }
            Err(Error::Parity) => b"P",
            Err(Error::Framing) => b"F",
            Err(error) => panic!("{error:?}"),
        };
        uart.write(answer).await.unwrap();
        uart.flush().await.unwrap();
    }
}
