//! Three checks of one text: CRC-32 of Ethernet by bytes and by words, CRC-16 of XMODEM, CRC-8 of SMBus.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_stm32::crc::{Config, Crc, InputReverseConfig, PolySize};
use embedded_io::Write;

const TEXT: &[u8] = b"The quick brown fox jumps over the lazy dog.";

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let mut p = embassy_stm32::init(programs::board());
    let mut console = programs::console(p.USART1, p.PA9);
    let ethernet = |reverse| Config::new(reverse, true, PolySize::Width32, !0, 0x04C1_1DB7).unwrap();
    let mut crc = Crc::new(p.CRC.reborrow(), ethernet(InputReverseConfig::Byte));
    crc.feed_bytes(TEXT);
    writeln!(console, "{:08x}", !crc.read()).unwrap();
    let mut crc = Crc::new(p.CRC.reborrow(), ethernet(InputReverseConfig::Word));
    for word in TEXT.chunks(4) {
        crc.feed_word(u32::from_le_bytes(word.try_into().unwrap()));
    }
    writeln!(console, "{:08x}", !crc.read()).unwrap();
    let xmodem = Config::new(InputReverseConfig::None, false, PolySize::Width16, 0, 0x1021).unwrap();
    let mut crc = Crc::new(p.CRC.reborrow(), xmodem);
    crc.feed_bytes(TEXT);
    writeln!(console, "{:04x}", crc.read()).unwrap();
    let smbus = Config::new(InputReverseConfig::None, false, PolySize::Width8, 0, 0x07).unwrap();
    let mut crc = Crc::new(p.CRC, smbus);
    crc.feed_bytes(TEXT);
    writeln!(console, "{:02x}", crc.read()).unwrap();
    console.flush().unwrap();
}
