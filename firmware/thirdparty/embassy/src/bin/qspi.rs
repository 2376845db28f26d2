//! The board's serial flash: its identity, a subsector erased, two pages programmed by four wires and DMA, read back, and mapped.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_stm32::qspi::enums::{
    AddressSize, ChipSelectHighTime, DummyCycles, FIFOThresholdLevel, MemorySize, QspiWidth,
};
use embassy_stm32::qspi::{self, Config, MatchMode, Qspi, TransferConfig};
use embassy_stm32::{bind_interrupts, dma, peripherals};
use embassy_time::Duration;
use embedded_io::Write;

bind_interrupts!(struct Irqs {
    QUADSPI => qspi::InterruptHandler<peripherals::QUADSPI>;
    DMA2_STREAM7 => dma::InterruptHandler<peripherals::DMA2_CH7>;
});

const PLACE: u32 = 0x0012_3000;
const MAPPED: *const u8 = 0x9000_0000 as *const u8;

fn command(instruction: u8) -> TransferConfig {
    TransferConfig { iwidth: QspiWidth::SING, instruction, ..Default::default() }
}

fn addressed(instruction: u8, address: u32) -> TransferConfig {
    TransferConfig { awidth: QspiWidth::SING, address: Some(address), ..command(instruction) }
}

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let p = embassy_stm32::init(programs::board());
    let mut console = programs::console(p.USART1, p.PA9);
    let mut config = Config::default();
    config.memory_size = MemorySize::_16MiB;
    config.address_size = AddressSize::_24bit;
    config.prescaler = 3;
    config.fifo_threshold = FIFOThresholdLevel::_4Bytes;
    config.cs_high_time = ChipSelectHighTime::_5Cycle;
    let mut flash = Qspi::new_bank1(p.QUADSPI, p.PD11, p.PD12, p.PE2, p.PD13, p.PB2, p.PB6, p.DMA2_CH7, Irqs, config);
    let status = TransferConfig { dwidth: QspiWidth::SING, ..command(0x05) };
    let wait = |flash: &mut Qspi<'_, _, _>| {
        flash.blocking_auto_poll(status, 16, 1, 0, 1, MatchMode::AND, Duration::from_secs(1)).ok().unwrap();
    };

    let mut identity = [0; 3];
    flash.blocking_read(&mut identity, TransferConfig { dwidth: QspiWidth::SING, ..command(0x9F) });
    writeln!(console, "identity {identity:02X?}").unwrap();
    flash.blocking_command(command(0x06));
    flash.blocking_command(addressed(0x20, PLACE));
    wait(&mut flash);
    let mut page = [0; 256];
    for number in 0..2 {
        for (n, byte) in page.iter_mut().enumerate() {
            *byte = (n as u8).wrapping_mul(3 + 2 * number);
        }
        flash.blocking_command(command(0x06));
        let program = TransferConfig { dwidth: QspiWidth::QUAD, ..addressed(0x32, PLACE + 256 * u32::from(number)) };
        flash.write_dma(&page, program).await;
        wait(&mut flash);
    }
    let read = TransferConfig { dwidth: QspiWidth::QUAD, dummy: DummyCycles::_8, ..addressed(0x6B, PLACE) };
    let mut pages = [0; 512];
    flash.read_dma(&mut pages, read).await;
    writeln!(console, "second page read {}", pages[256..] == page).unwrap();
    flash.enable_memory_map(&read);
    // SAFETY: the flash is mapped there, and nobody writes to it.
    let mapped = unsafe { core::slice::from_raw_parts(MAPPED.add(PLACE as usize), 512) };
    writeln!(console, "mapped {}", mapped == pages).unwrap();
    console.flush().unwrap();
}
