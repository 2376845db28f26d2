//! The watchdogs: fed five times, the independent one then ends the first run; fed within its window three times and then
//! too early, the window watchdog ends the second. Each run begins with the cause of the reset.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_stm32::gpio::{Level, Output, Speed};
use embassy_stm32::pac::RCC;
use embassy_stm32::wdg::{IndependentWatchdog, WindowWatchdog};
use embassy_time::Timer;
use embedded_io::Write;

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let p = embassy_stm32::init(programs::board());
    let mut console = programs::console(p.USART1, p.PA9);
    let mut fed = Output::new(p.PI1, Level::Low, Speed::Low);
    let cause = RCC.csr().read();
    RCC.csr().modify(|w| w.set_rmvf(true));
    let (independent, window) = (cause.wdgrstf(), cause.wwdgrstf());
    writeln!(console, "IWDG {independent}, WWDG {window}").unwrap();
    if !independent && !window {
        let mut watchdog = IndependentWatchdog::new(p.IWDG, 100_000);
        watchdog.unleash();
        for _ in 0..5 {
            Timer::after_millis(80).await;
            watchdog.pet();
            fed.toggle();
        }
    } else if independent {
        let mut watchdog = WindowWatchdog::new(p.WWDG, 20_000, 10_000);
        for wait in [15, 15, 15, 5] {
            Timer::after_millis(wait).await;
            fed.toggle();
            watchdog.pet();
        }
    }
    Timer::after_millis(500).await;
    writeln!(console, "nobody has barked").unwrap();
    console.flush().unwrap();
}
