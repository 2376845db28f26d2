//! The user button through EXTI: the LED is on while it is pressed, and each press is told with its length.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_stm32::exti::{self, ExtiInput};
use embassy_stm32::gpio::{Level, Output, Pull, Speed};
use embassy_stm32::{bind_interrupts, interrupt};
use embassy_time::Instant;
use embedded_io::Write;

bind_interrupts!(struct Irqs {
    EXTI15_10 => exti::InterruptHandler<interrupt::typelevel::EXTI15_10>;
});

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let p = embassy_stm32::init(programs::board());
    let mut console = programs::console(p.USART1, p.PA9);
    let mut button = ExtiInput::new(p.PI11, p.EXTI11, Pull::Down, Irqs);
    let mut led = Output::new(p.PI1, Level::Low, Speed::Low);
    for number in 1.. {
        button.wait_for_rising_edge().await;
        led.set_high();
        let pressed = Instant::now();
        button.wait_for_falling_edge().await;
        led.set_low();
        writeln!(console, "press {number}: {} us", pressed.elapsed().as_micros()).unwrap();
    }
}
