//! Who is on the board's two I2C buses: the camera by DMA, touch panel and codec without, and an address where nobody is.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_stm32::gpio::{Level, Output, Speed};
use embassy_stm32::i2c::{self, I2c};
use embassy_stm32::time::khz;
use embassy_stm32::{bind_interrupts, dma, peripherals};
use embassy_time::Timer;
use embedded_io::Write;

bind_interrupts!(struct Irqs {
    I2C1_EV => i2c::EventInterruptHandler<peripherals::I2C1>;
    I2C1_ER => i2c::ErrorInterruptHandler<peripherals::I2C1>;
    DMA1_STREAM6 => dma::InterruptHandler<peripherals::DMA1_CH6>;
    DMA1_STREAM0 => dma::InterruptHandler<peripherals::DMA1_CH0>;
});

const CAMERA: u8 = 0x30;
const TOUCH: u8 = 0x38;
const CODEC: u8 = 0x1A;
const NOBODY: u8 = 0x55;

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let p = embassy_stm32::init(programs::board());
    let mut console = programs::console(p.USART1, p.PA9);
    let _power = Output::new(p.PH13, Level::Low, Speed::Low);
    Timer::after_millis(3).await;

    let mut config = i2c::Config::default();
    config.frequency = khz(100);
    let mut camera = I2c::new(p.I2C1, p.PB8, p.PB9, p.DMA1_CH6, p.DMA1_CH0, Irqs, config);
    let mut identity = [0; 4];
    for (register, value) in [0x0A, 0x0B, 0x1C, 0x1D].into_iter().zip(identity.chunks_mut(1)) {
        // The sensor's bus knows no repeated start.
        camera.write(CAMERA, &[register]).await.unwrap();
        camera.read(CAMERA, value).await.unwrap();
    }
    writeln!(console, "camera {identity:02X?}").unwrap();
    writeln!(console, "nobody {:?}", camera.write(NOBODY, &[0]).await).unwrap();

    config.frequency = khz(400);
    let mut others = I2c::new_blocking(p.I2C3, p.PH7, p.PH8, config);
    let (mut chip, mut codec) = ([0; 1], [0; 2]);
    others.blocking_write_read(TOUCH, &[0xA8], &mut chip).unwrap();
    others.blocking_write_read(CODEC, &[0, 0], &mut codec).unwrap();
    writeln!(console, "touch {chip:02X?}").unwrap();
    writeln!(console, "codec {codec:02X?}").unwrap();
    writeln!(console, "nobody {:?}", others.blocking_read(NOBODY, &mut chip)).unwrap();
    console.flush().unwrap();
}
