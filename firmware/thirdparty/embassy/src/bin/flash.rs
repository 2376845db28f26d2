//! The chip's flash: sector 3 erased, 512 bytes programmed and read back, and what the driver refuses.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_stm32::flash::Flash;
use embassy_time::Instant;
use embedded_io::Write;

const SECTOR: u32 = 0x1_8000;
const SIZE: u32 = 0x8000;
const PLACE: u32 = SECTOR + 0x1000;

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let p = embassy_stm32::init(programs::board());
    let mut console = programs::console(p.USART1, p.PA9);
    let mut flash = Flash::new_blocking(p.FLASH);
    let mut data = [0; 512];
    for (n, byte) in data.iter_mut().enumerate() {
        *byte = (n * n + 7 * n) as u8;
    }

    let begun = Instant::now();
    let erased = flash.blocking_erase(SECTOR, SECTOR + SIZE);
    writeln!(console, "erase {erased:?} {} us", begun.elapsed().as_micros()).unwrap();
    let begun = Instant::now();
    let written = flash.blocking_write(PLACE, &data);
    writeln!(console, "write {written:?} {} us", begun.elapsed().as_micros()).unwrap();
    let mut seen = [0; 512];
    let read = flash.blocking_read(PLACE, &mut seen);
    writeln!(console, "read {read:?} {}", seen == data).unwrap();
    // Bits can only be cleared: the same place a second time holds what both have.
    let second = flash.blocking_write(PLACE, &[0x55; 32]);
    let again = flash.blocking_read(PLACE, &mut seen[..32]);
    let both = (0..32).all(|n| seen[n] == data[n] & 0x55);
    writeln!(console, "again {second:?} {again:?} {both}").unwrap();
    writeln!(console, "half a sector {:?}", flash.blocking_erase(SECTOR, SECTOR + SIZE / 2)).unwrap();
    console.flush().unwrap();
}
