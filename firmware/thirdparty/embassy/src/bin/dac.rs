//! Two voltages: a ramp of 256 steps on PA4, and one on PA5 that falls, ten microseconds a step.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_stm32::dac::{Dac, DualValue, Value};
use embassy_time::{Duration, Ticker};
use programs as _;

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let p = embassy_stm32::init(programs::board());
    let mut dac = Dac::new_blocking(p.DAC1, p.PA4, p.PA5);
    let mut ticker = Ticker::every(Duration::from_micros(10));
    for step in 0..=255 {
        ticker.next().await;
        dac.set(DualValue::Bit8(step, 255 - step));
    }
    dac.ch1().set(Value::Bit12Right(0x123));
    dac.ch2().set(Value::Bit12Left(0xABC));
    core::future::pending().await
}
