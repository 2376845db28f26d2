//! A half bridge: TIM1's first channel on PE9 and its complement on PE8, 20 kHz about the middle, 40 % and then 75 %, with a
//! microsecond in which both are off; in the end a break of software's.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_stm32::gpio::OutputType;
use embassy_stm32::time::hz;
use embassy_stm32::timer::Channel;
use embassy_stm32::timer::complementary_pwm::{ComplementaryPwm, ComplementaryPwmPin};
use embassy_stm32::timer::low_level::CountingMode;
use embassy_stm32::timer::simple_pwm::PwmPin;
use embassy_time::Timer;
use programs as _;

/// Periods of the timer's 216 MHz.
const DEAD_TIME: u16 = 216;

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let p = embassy_stm32::init(programs::board());
    let mut bridge = ComplementaryPwm::new(
        p.TIM1,
        Some(PwmPin::new(p.PE9, OutputType::PushPull)),
        Some(ComplementaryPwmPin::new(p.PE8, OutputType::PushPull)),
        None,
        None,
        None,
        None,
        None,
        None,
        hz(20_000),
        CountingMode::CenterAlignedUpInterrupts,
    );
    bridge.set_dead_time(DEAD_TIME);
    bridge.set_duty(Channel::Ch1, bridge.get_max_duty() * 2 / 5);
    bridge.enable(Channel::Ch1);
    Timer::after_millis(2).await;
    bridge.set_duty(Channel::Ch1, bridge.get_max_duty() * 3 / 4);
    Timer::after_millis(2).await;
    bridge.set_master_output_enable(false);
    core::future::pending().await
}
