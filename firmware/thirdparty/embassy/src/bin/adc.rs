//! Voltages: A0 and the internal reference by polling, then A1 and A2 by a scan that DMA takes, all in millivolts of 3.3 V.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_stm32::adc::{Adc, AdcChannel, SampleTime};
use embassy_stm32::{bind_interrupts, dma, peripherals};
use embassy_time::Timer;
use embedded_io::Write;

bind_interrupts!(struct Irqs {
    DMA2_STREAM0 => dma::InterruptHandler<peripherals::DMA2_CH0>;
});

fn millivolts(sample: u16) -> u32 {
    (u32::from(sample) * 3300 + 2047) / 4095
}

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let mut p = embassy_stm32::init(programs::board());
    let mut console = programs::console(p.USART1, p.PA9);
    let mut adc = Adc::new(p.ADC1);
    let mut reference = adc.enable_vrefint();
    Timer::after_micros(10).await;
    for _ in 0..3 {
        let a0 = adc.blocking_read(&mut p.PA0, SampleTime::CYCLES84);
        let internal = adc.blocking_read(&mut reference, SampleTime::CYCLES480);
        writeln!(console, "A0 {} mV, reference {} mV", millivolts(a0), millivolts(internal)).unwrap();
        Timer::after_millis(10).await;
    }

    let adc = Adc::new(p.ADC3);
    let mut ring = [0; 64];
    let channels = [(p.PF10.degrade_adc(), SampleTime::CYCLES144), (p.PF9.degrade_adc(), SampleTime::CYCLES144)];
    let mut samples = adc.into_ring_buffered(
        p.DMA2_CH0,
        &mut ring,
        Irqs,
        channels.into_iter(),
        embassy_stm32::adc::CONTINUOUS,
        embassy_stm32::adc::Exten::DISABLED,
    );
    let mut halves = [[0; 32]; 4];
    for half in &mut halves {
        samples.read(half).await.ok().unwrap();
    }
    for half in halves {
        let mean = |first: usize| half[first..].iter().step_by(2).sum::<u16>() / 16;
        writeln!(console, "A1 {} mV, A2 {} mV", millivolts(mean(0)), millivolts(mean(1))).unwrap();
    }
    console.flush().unwrap();
}
