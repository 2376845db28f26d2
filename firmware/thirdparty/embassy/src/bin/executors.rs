//! Three executors, each over the one before: the thread's, one in UART8's interrupt, and one in UART7's of higher priority.
#![no_std]
#![no_main]

use cortex_m_rt::entry;
use embassy_executor::{Executor, InterruptExecutor};
use embassy_stm32::gpio::{Level, Output, Speed};
use embassy_stm32::interrupt;
use embassy_stm32::interrupt::{InterruptExt, Priority};
use embassy_time::{Duration, Ticker, block_for};
use programs as _;
use static_cell::StaticCell;

static HIGH: InterruptExecutor = InterruptExecutor::new();
static MIDDLE: InterruptExecutor = InterruptExecutor::new();
static LOW: StaticCell<Executor> = StaticCell::new();

#[interrupt]
unsafe fn UART7() {
    unsafe { HIGH.on_interrupt() }
}

#[interrupt]
unsafe fn UART8() {
    unsafe { MIDDLE.on_interrupt() }
}

/// Each period the pin is high while the core is kept busy.
#[embassy_executor::task(pool_size = 3)]
async fn work(mut pin: Output<'static>, period: Duration, busy: Duration) {
    let mut ticker = Ticker::every(period);
    loop {
        ticker.next().await;
        pin.set_high();
        block_for(busy);
        pin.set_low();
    }
}

#[entry]
fn main() -> ! {
    let p = embassy_stm32::init(programs::board());
    let [high, middle, low] = [
        Output::new(p.PI1, Level::Low, Speed::Low),
        Output::new(p.PI2, Level::Low, Speed::Low),
        Output::new(p.PI3, Level::Low, Speed::Low),
    ];

    interrupt::UART7.set_priority(Priority::P6);
    HIGH.start(interrupt::UART7).spawn(work(high, Duration::from_millis(1), Duration::from_micros(20)).unwrap());
    interrupt::UART8.set_priority(Priority::P7);
    MIDDLE.start(interrupt::UART8).spawn(work(middle, Duration::from_millis(7), Duration::from_millis(2)).unwrap());
    LOW.init(Executor::new())
        .run(|spawner| spawner.spawn(work(low, Duration::from_millis(31), Duration::from_millis(10)).unwrap()))
}
