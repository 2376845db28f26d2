//! Timers that DMA feeds: a strip of three coloured lights at PB4 (800 kHz, a third or two thirds of a pulse for each bit), three
//! duties at once at PD12 to PD14, and edges at PA2 taken down.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_futures::join::join3;
use embassy_stm32::gpio::{OutputType, Pull};
use embassy_stm32::time::{khz, mhz};
use embassy_stm32::timer::input_capture::{CapturePin, InputCapture};
use embassy_stm32::timer::low_level::CountingMode;
use embassy_stm32::timer::simple_pwm::{PwmPin, SimplePwm};
use embassy_stm32::timer::{self, Ch3, Channel};
use embassy_stm32::{bind_interrupts, dma, peripherals};
use embedded_io::Write;

bind_interrupts!(struct Irqs {
    TIM2 => timer::CaptureCompareInterruptHandler<peripherals::TIM2>;
    DMA1_STREAM1 => dma::InterruptHandler<peripherals::DMA1_CH1>;
    DMA1_STREAM2 => dma::InterruptHandler<peripherals::DMA1_CH2>;
    DMA1_STREAM6 => dma::InterruptHandler<peripherals::DMA1_CH6>;
});

const LIGHTS: [u8; 9] = [0xFF, 0x00, 0x55, 0x12, 0x34, 0x56, 0x80, 0x01, 0xAA];

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let p = embassy_stm32::init(programs::board());
    let mut console = programs::console(p.USART1, p.PA9);
    let up = CountingMode::EdgeAlignedUp;

    let pin = PwmPin::new(p.PB4, OutputType::PushPull);
    let mut strip = SimplePwm::new(p.TIM3, Some(pin), None, None, None, khz(800), up);
    let whole = strip.max_duty_cycle() as u16;
    let mut pulses = [0u16; 8 * LIGHTS.len() + 1];
    for (n, pulse) in pulses[..8 * LIGHTS.len()].iter_mut().enumerate() {
        let one = LIGHTS[n / 8] >> (7 - n % 8) & 1 == 1;
        *pulse = if one { whole * 2 / 3 } else { whole / 3 };
    }

    let first = PwmPin::new(p.PD12, OutputType::PushPull);
    let second = PwmPin::new(p.PD13, OutputType::PushPull);
    let third = PwmPin::new(p.PD14, OutputType::PushPull);
    let mut fan = SimplePwm::new(p.TIM4, Some(first), Some(second), Some(third), None, khz(20), up);
    let step = fan.max_duty_cycle() as u16 / 20;
    let mut duties = [0u16; 3 * 10];
    for (n, duty) in duties.iter_mut().enumerate() {
        *duty = step * (n / 3 + 1 + 3 * (n % 3)) as u16;
    }

    let pin = CapturePin::new(p.PA2, Pull::None);
    let mut edges = InputCapture::new(p.TIM2, None, None, Some(pin), None, Irqs, mhz(1), up);
    let mut times = [0; 8];
    join3(
        strip.waveform_up(p.DMA1_CH2, Irqs, Channel::Ch1, &pulses),
        fan.waveform_up_multi_channel(p.DMA1_CH6, Irqs, Channel::Ch1, Channel::Ch3, &duties),
        edges.receive_waveform::<Ch3, _>(p.DMA1_CH1, Irqs, &mut times),
    )
    .await;
    writeln!(console, "{times:?}").unwrap();
    console.flush().unwrap();
    core::future::pending().await
}
