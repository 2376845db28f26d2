//! Time in one executor: three tasks each toggle a pin at a period of their own; a fourth waits for a message with a time-out.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_stm32::gpio::{Level, Output, Speed};
use embassy_sync::blocking_mutex::raw::ThreadModeRawMutex;
use embassy_sync::channel::Channel;
use embassy_time::{Duration, Instant, Ticker, Timer, with_timeout};
use programs as _;

static MESSAGES: Channel<ThreadModeRawMutex, u32, 2> = Channel::new();

#[embassy_executor::task(pool_size = 3)]
async fn toggle(mut pin: Output<'static>, period: Duration) {
    let mut ticker = Ticker::every(period);
    loop {
        ticker.next().await;
        pin.toggle();
    }
}

/// A pulse of 250 us for each message, and one of 750 us where none comes for 20 ms.
#[embassy_executor::task]
async fn listen(mut pin: Output<'static>) {
    loop {
        let message = with_timeout(Duration::from_millis(20), MESSAGES.receive()).await;
        pin.set_high();
        Timer::after_micros(if message.is_ok() { 250 } else { 750 }).await;
        pin.set_low();
    }
}

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    let p = embassy_stm32::init(programs::board());
    spawner.spawn(toggle(Output::new(p.PI1, Level::Low, Speed::Low), Duration::from_millis(100)).unwrap());
    spawner.spawn(toggle(Output::new(p.PI2, Level::Low, Speed::Low), Duration::from_millis(30)).unwrap());
    spawner.spawn(toggle(Output::new(p.PI3, Level::Low, Speed::Low), Duration::from_micros(700)).unwrap());
    spawner.spawn(listen(Output::new(p.PG6, Level::Low, Speed::Low)).unwrap());
    let mut sending = Output::new(p.PG7, Level::Low, Speed::Low);
    for number in 0.. {
        // A message each 15 ms, and after the fourth a pause that is longer than the listener's patience.
        Timer::at(Instant::from_millis(if number % 4 == 0 { 100 } else { 15 } + Instant::now().as_millis())).await;
        sending.toggle();
        MESSAGES.send(number).await;
    }
}
