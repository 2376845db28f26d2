//! SPI on the Arduino connector (D10 to D13): bytes by DMA both ways in mode 3, then halfwords without, at 1.7 MHz at the most.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_stm32::gpio::{Level, Output, Speed};
use embassy_stm32::spi::{Config, MODE_3, Spi};
use embassy_stm32::time::khz;
use embassy_stm32::{bind_interrupts, dma, peripherals};
use embedded_io::Write;

bind_interrupts!(struct Irqs {
    DMA1_STREAM4 => dma::InterruptHandler<peripherals::DMA1_CH4>;
    DMA1_STREAM3 => dma::InterruptHandler<peripherals::DMA1_CH3>;
});

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let p = embassy_stm32::init(programs::board());
    let mut console = programs::console(p.USART1, p.PA9);
    let mut select = Output::new(p.PA8, Level::High, Speed::Low);
    let mut config = Config::default();
    config.frequency = khz(1700);
    config.mode = MODE_3;
    let mut spi = Spi::new(p.SPI2, p.PI1, p.PB15, p.PB14, p.DMA1_CH4, p.DMA1_CH3, Irqs, config);

    let mut answer = [0; 16];
    select.set_low();
    spi.transfer(&mut answer, b"sixteen of these").await.unwrap();
    select.set_high();
    writeln!(console, "{answer:02X?}").unwrap();
    select.set_low();
    spi.write(b"out").await.unwrap();
    spi.read(&mut answer[..4]).await.unwrap();
    select.set_high();
    writeln!(console, "{:02X?}", &answer[..4]).unwrap();
    let mut words = [0x1234u16, 0xABCD];
    select.set_low();
    spi.blocking_transfer_in_place(&mut words).unwrap();
    select.set_high();
    writeln!(console, "{words:04X?}").unwrap();
    console.flush().unwrap();
}
