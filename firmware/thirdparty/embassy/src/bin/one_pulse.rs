//! TIM4 started by PD12: the LED changes 200 us after a rise, and a rise within 500 us of one before goes unheard.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_stm32::gpio::{Level, Output, Pull, Speed};
use embassy_stm32::time::mhz;
use embassy_stm32::timer;
use embassy_stm32::timer::low_level::{CountingMode, InputCaptureMode};
use embassy_stm32::timer::one_pulse::{OnePulse, TriggerPin};
use embassy_stm32::{bind_interrupts, pac, peripherals};
use programs as _;

bind_interrupts!(struct Irqs {
    TIM4 => timer::CaptureCompareInterruptHandler<peripherals::TIM4>;
});

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let p = embassy_stm32::init(programs::board());
    let mut led = Output::new(p.PI1, Level::Low, Speed::Low);
    let trigger = TriggerPin::new(p.PD12, Pull::Down);
    let up = CountingMode::EdgeAlignedUp;
    let mut timer = OnePulse::new_ch1(p.TIM4, trigger, Irqs, mhz(1), 499, up, InputCaptureMode::Rising);
    let mut pulse = timer.ch2();
    pulse.set_pulse_delay(200);
    loop {
        pulse.wait_for_pulse_start().await;
        led.toggle();
        // The driver leaves the flag up.
        pac::TIM4.sr().write(|w| w.0 = !(1 << 2));
    }
}
