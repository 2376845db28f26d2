//! Where a shaft stands: a quadrature encoder at D1 and D0 (PC6, PC7) turns TIM8, which is told each 10 ms with its direction.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_stm32::timer::qei::{self, Direction, Qei};
use embassy_time::{Duration, Ticker};
use embedded_io::Write;

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let p = embassy_stm32::init(programs::board());
    let mut console = programs::console(p.USART1, p.PA9);
    let shaft = Qei::new(p.TIM8, p.PC6, p.PC7, qei::Config::default());
    let mut ticker = Ticker::every(Duration::from_millis(10));
    loop {
        ticker.next().await;
        let direction = match shaft.read_direction() {
            Direction::Upcounting => "up",
            Direction::Downcounting => "down",
        };
        writeln!(console, "{} {direction}", shaft.count() as i16).unwrap();
    }
}
