//! Pulses: 2 kHz on D3 (TIM3) of 25 % and then 60 %, never and always high; a servo's on D9 (TIM2), 50 Hz and 1.5 ms.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_stm32::gpio::OutputType;
use embassy_stm32::time::hz;
use embassy_stm32::timer::low_level::CountingMode;
use embassy_stm32::timer::simple_pwm::{PwmPin, SimplePwm};
use embassy_time::Timer;
use programs as _;

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let p = embassy_stm32::init(programs::board());
    let pin = PwmPin::new(p.PB4, OutputType::PushPull);
    let mut pwm = SimplePwm::new(p.TIM3, Some(pin), None, None, None, hz(2000), CountingMode::EdgeAlignedUp);
    let pin = PwmPin::new(p.PA15, OutputType::PushPull);
    let mut servo = SimplePwm::new(p.TIM2, Some(pin), None, None, None, hz(50), CountingMode::EdgeAlignedUp);
    let mut servo = servo.ch1();
    servo.set_duty_cycle_fraction(3, 40);
    servo.enable();

    let mut channel = pwm.ch1();
    channel.set_duty_cycle_percent(25);
    channel.enable();
    Timer::after_millis(10).await;
    channel.set_duty_cycle_percent(60);
    Timer::after_millis(10).await;
    channel.set_duty_cycle_fully_off();
    Timer::after_millis(10).await;
    channel.set_duty_cycle_fully_on();
    core::future::pending().await
}
