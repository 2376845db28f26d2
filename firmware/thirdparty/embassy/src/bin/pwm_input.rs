//! The period and the width of pulses at D3 (PB4), by TIM3, in microseconds, and the times of edges at PA1, by TIM5.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_futures::join::join;
use embassy_stm32::gpio::Pull;
use embassy_stm32::time::mhz;
use embassy_stm32::timer::input_capture::{CapturePin, InputCapture};
use embassy_stm32::timer::low_level::CountingMode;
use embassy_stm32::timer::pwm_input::PwmInput;
use embassy_stm32::timer::{self, Channel};
use embassy_stm32::{bind_interrupts, peripherals};
use embedded_io::Write;

bind_interrupts!(struct Irqs {
    TIM3 => timer::CaptureCompareInterruptHandler<peripherals::TIM3>;
    TIM5 => timer::CaptureCompareInterruptHandler<peripherals::TIM5>;
});

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let p = embassy_stm32::init(programs::board());
    let mut console = programs::console(p.USART1, p.PA9);
    let mut pulses = PwmInput::new_ch1(p.TIM3, p.PB4, Irqs, Pull::None, mhz(1));
    let pin = CapturePin::new(p.PA1, Pull::None);
    let mut edges = InputCapture::new(p.TIM5, None, Some(pin), None, None, Irqs, mhz(1), CountingMode::EdgeAlignedUp);
    pulses.enable();
    let mut measured = [(0, 0); 5];
    let mut times = [0; 6];
    let pulsing = async {
        for (period, width) in &mut measured {
            *period = pulses.wait_for_period().await;
            *width = pulses.get_width_ticks();
        }
    };
    let edging = async {
        for time in &mut times {
            *time = edges.wait_for_any_edge(Channel::Ch2).await;
        }
    };
    join(pulsing, edging).await;
    writeln!(console, "{measured:?}").unwrap();
    writeln!(console, "{times:?}").unwrap();
    console.flush().unwrap();
}
