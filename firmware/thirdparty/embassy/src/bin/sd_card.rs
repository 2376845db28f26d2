//! The microSD card by four wires and DMA: its size, a block read, one written, and four blocks at once each way.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_stm32::sdmmc::sd::{Addressable, CmdBlock, DataBlock, StorageDevice};
use embassy_stm32::sdmmc::{self, Config, Sdmmc};
use embassy_stm32::time::mhz;
use embassy_stm32::{bind_interrupts, dma, peripherals};
use embedded_io::Write;

bind_interrupts!(struct Irqs {
    SDMMC1 => sdmmc::InterruptHandler<peripherals::SDMMC1>;
    DMA2_STREAM3 => dma::InterruptHandler<peripherals::DMA2_CH3>;
});

fn sum(block: &DataBlock) -> u32 {
    block.iter().map(|&byte| u32::from(byte)).sum()
}

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let p = embassy_stm32::init(programs::board());
    let mut console = programs::console(p.USART1, p.PA9);
    let mut sdmmc =
        Sdmmc::new_4bit(p.SDMMC1, p.DMA2_CH3, Irqs, p.PC12, p.PD2, p.PC8, p.PC9, p.PC10, p.PC11, Config::default());
    let mut commands = CmdBlock::new();
    let mut card = StorageDevice::new_sd_card(&mut sdmmc, &mut commands, mhz(24)).await.unwrap();
    writeln!(console, "{} bytes", card.card().size()).unwrap();
    let mut block = DataBlock::new();
    card.read_block(3, &mut block).await.unwrap();
    writeln!(console, "block 3: {}", sum(&block)).unwrap();
    for (n, byte) in block.iter_mut().enumerate() {
        *byte = (7 * n) as u8;
    }
    card.write_block(5, &block).await.unwrap();
    let mut blocks = [const { DataBlock::new() }; 4];
    card.read_blocks(2, &mut blocks).await.unwrap();
    writeln!(console, "blocks 2 to 5: {:?}", blocks.each_ref().map(sum)).unwrap();
    card.write_blocks(100, &blocks).await.unwrap();
    console.flush().unwrap();
}
