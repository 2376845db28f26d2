//! A slave at SPI1: eight bytes of its own for eight of the master's, both by DMA, and next time the master gets its own ones back.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_stm32::spi::{Config, Spi};
use embassy_stm32::{bind_interrupts, dma, peripherals};
use embedded_io::Write;

bind_interrupts!(struct Irqs {
    DMA2_STREAM3 => dma::InterruptHandler<peripherals::DMA2_CH3>;
    DMA2_STREAM0 => dma::InterruptHandler<peripherals::DMA2_CH0>;
});

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let p = embassy_stm32::init(programs::board());
    let mut console = programs::console(p.USART1, p.PA9);
    let mut slave = Spi::new_slave(p.SPI1, p.PA5, p.PA7, p.PA6, p.PA4, p.DMA2_CH3, p.DMA2_CH0, Irqs, Config::default());
    let mut own = *b"slave(1)";
    loop {
        let mut came = [0; 8];
        slave.transfer(&mut came, &own).await.unwrap();
        writeln!(console, "{came:02X?}").unwrap();
        own = came;
    }
}
