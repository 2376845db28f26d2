//! Two pictures of 160x120 in RGB565 out of the camera: DCMI's snapshots through DMA2 stream 1 into `FRAMES`.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_stm32::dcmi::{self, Dcmi};
use embassy_stm32::gpio::{Level, Output, Speed};
use embassy_stm32::i2c::{self, I2c};
use embassy_stm32::{bind_interrupts, dma, peripherals};
use embassy_time::{Instant, Timer};
use embedded_io::Write;

bind_interrupts!(struct Irqs {
    DCMI => dcmi::InterruptHandler<peripherals::DCMI>;
    DMA2_STREAM1 => dma::InterruptHandler<peripherals::DMA2_CH1>;
});

const CAMERA: u8 = 0x30;
const WORDS: usize = 160 * 120 / 2;

/// Registers of the OV9655 and their values: reset, 12 MHz of pixel clock, VGA and RGB, RGB565, a quarter of the columns
/// and rows, a quarter of the pixel clock.
const SET_UP: [(u8, u8); 6] = [(0x12, 0x80), (0x11, 0x80), (0x12, 0x63), (0x40, 0xD0), (0x72, 0x22), (0x73, 0x02)];

#[unsafe(no_mangle)]
static mut FRAMES: [[u32; WORDS]; 2] = [[0; WORDS]; 2];

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let p = embassy_stm32::init(programs::board());
    let mut console = programs::console(p.USART1, p.PA9);
    let _power = Output::new(p.PH13, Level::Low, Speed::Low);
    Timer::after_millis(3).await;

    let mut bus = I2c::new_blocking(p.I2C1, p.PB8, p.PB9, i2c::Config::default());
    for (register, value) in SET_UP {
        bus.blocking_write(CAMERA, &[register, value]).unwrap();
        Timer::after_millis(1).await;
    }
    let mut camera = Dcmi::new_8bit(
        p.DCMI,
        p.DMA2_CH1,
        Irqs,
        p.PH9,
        p.PH10,
        p.PH11,
        p.PH12,
        p.PH14,
        p.PD3,
        p.PE5,
        p.PE6,
        p.PG9,
        p.PA4,
        p.PA6,
        dcmi::Config::default(),
    );
    // SAFETY: nobody else has a reference to it.
    for frame in unsafe { &mut *(&raw mut FRAMES) } {
        let result = camera.capture(frame).await;
        writeln!(console, "{} us {result:?}", Instant::now().as_micros()).unwrap();
    }
    console.flush().unwrap();
}
