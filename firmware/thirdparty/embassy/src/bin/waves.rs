//! A wave on PA4 that costs the core nothing: DMA feeds the converter a table round and round, TIM4 sets the pace, 50,000 a second.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_stm32::dac::{DacChannel, ValueArray};
use embassy_stm32::time::hz;
use embassy_stm32::timer::low_level::{MasterMode, RoundTo, Timer};
use embassy_stm32::{bind_interrupts, dma, peripherals, triggers};
use programs as _;

bind_interrupts!(struct Irqs {
    DMA1_STREAM5 => dma::InterruptHandler<peripherals::DMA1_CH5>;
});

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let p = embassy_stm32::init(programs::board());
    let mut table = [0; 32];
    for (n, code) in table.iter_mut().enumerate() {
        *code = 100 + (n * n * 4) as u16;
    }
    let pace = Timer::new(p.TIM4);
    pace.set_frequency(hz(50_000), RoundTo::Slower);
    pace.set_master_mode(MasterMode::UPDATE);
    let mut dac = DacChannel::new_triggered(p.DAC1, p.DMA1_CH5, triggers::TIM4_TRGO, Irqs, p.PA4);
    dac.set_triggering(true);
    pace.start();
    dac.write(ValueArray::Bit12Right(&table), true).await;
}
