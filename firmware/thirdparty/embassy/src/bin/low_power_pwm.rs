//! Pulses of the low-power timer at PD13: 1 kHz and 30 %, then 10 %.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_stm32::gpio::{AfType, Flex, OutputType, Speed};
use embassy_stm32::lptim::pwm::{Pwm, PwmPin};
use embassy_stm32::peripherals;
use embassy_stm32::time::khz;
use embassy_time::Timer;
use programs as _;

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let p = embassy_stm32::init(programs::board());
    let mut pwm = Pwm::new(p.LPTIM1, PwmPin::new(p.PD13), khz(1));
    // The driver drops its pin, which disconnects it.
    // SAFETY: so nobody else has it.
    let mut pin = Flex::new(unsafe { peripherals::PD13::steal() });
    pin.set_as_af_unchecked(3, AfType::output(OutputType::PushPull, Speed::Low));
    pwm.set_duty(pwm.get_max_duty() / 10 * 3);
    Timer::after_millis(10).await;
    pwm.set_duty(pwm.get_max_duty() / 10);
    core::future::pending().await
}
