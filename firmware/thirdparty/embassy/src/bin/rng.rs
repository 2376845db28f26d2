//! Random words: four by polling, and four by interrupt.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_stm32::rng::{self, Rng};
use embassy_stm32::{bind_interrupts, peripherals};
use embedded_io::Write;

bind_interrupts!(struct Irqs {
    RNG => rng::InterruptHandler<peripherals::RNG>;
});

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let p = embassy_stm32::init(programs::board());
    let mut console = programs::console(p.USART1, p.PA9);
    let mut rng = Rng::new(p.RNG, Irqs);
    for _ in 0..4 {
        writeln!(console, "{:08x}", rng.next_u32()).unwrap();
    }
    let mut bytes = [0; 16];
    rng.async_fill_bytes(&mut bytes).await.unwrap();
    for word in bytes.chunks(4) {
        writeln!(console, "{:08x}", u32::from_ne_bytes(word.try_into().unwrap())).unwrap();
    }
    console.flush().unwrap();
}
