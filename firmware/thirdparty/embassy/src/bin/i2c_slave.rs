//! A memory of 16 bytes at address 0x42 of somebody else's bus (I2C2): a write is a place and what goes there, a read begins at
//! the place.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_stm32::i2c::{self, I2c, SlaveAddrConfig, SlaveCommandKind};
use embassy_stm32::{bind_interrupts, dma, peripherals};
use embedded_io::Write;

bind_interrupts!(struct Irqs {
    I2C2_EV => i2c::EventInterruptHandler<peripherals::I2C2>;
    I2C2_ER => i2c::ErrorInterruptHandler<peripherals::I2C2>;
    DMA1_STREAM7 => dma::InterruptHandler<peripherals::DMA1_CH7>;
    DMA1_STREAM2 => dma::InterruptHandler<peripherals::DMA1_CH2>;
});

const SIZE: usize = 16;

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let p = embassy_stm32::init(programs::board());
    let mut console = programs::console(p.USART1, p.PA9);
    let master = I2c::new(p.I2C2, p.PH4, p.PH5, p.DMA1_CH7, p.DMA1_CH2, Irqs, i2c::Config::default());
    let mut slave = master.into_slave_multimaster(SlaveAddrConfig::basic(0x42));
    let (mut memory, mut place) = ([0xA5; SIZE], 0);
    loop {
        match slave.listen().await.unwrap().kind {
            SlaveCommandKind::Write => {
                let mut buffer = [0; 1 + SIZE];
                let length = slave.respond_to_write(&mut buffer).await.unwrap();
                writeln!(console, "{:02X?}", &buffer[..length]).unwrap();
                if length > 0 {
                    place = usize::from(buffer[0]) % SIZE;
                    for (n, &byte) in buffer[1..length].iter().enumerate() {
                        memory[(place + n) % SIZE] = byte;
                    }
                }
            }
            SlaveCommandKind::Read => {
                let status = slave.respond_to_read(&memory[place..]).await.unwrap();
                writeln!(console, "{status:?}").unwrap();
            }
        }
    }
}
