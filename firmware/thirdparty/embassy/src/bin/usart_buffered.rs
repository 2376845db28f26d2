//! A line editor without DMA: interrupts fill and empty two buffers; a whole line goes back with its letters as capitals.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_stm32::usart::{self, BufferedUart, Config};
use embassy_stm32::{bind_interrupts, peripherals};
use embedded_io_async::{Read, Write};
use programs as _;
use static_cell::StaticCell;

bind_interrupts!(struct Irqs {
    USART1 => usart::BufferedInterruptHandler<peripherals::USART1>;
});

const SIZE: usize = 16;

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    static TX: StaticCell<[u8; SIZE]> = StaticCell::new();
    static RX: StaticCell<[u8; SIZE]> = StaticCell::new();
    let p = embassy_stm32::init(programs::board());
    let (tx, rx) = (TX.init([0; SIZE]), RX.init([0; SIZE]));
    let uart = BufferedUart::new(p.USART1, p.PB7, p.PA9, tx, rx, Irqs, Config::default()).unwrap();
    let (mut tx, mut rx) = uart.split();
    let (mut line, mut length) = ([0; 80], 0);
    loop {
        let mut byte = [0];
        rx.read_exact(&mut byte).await.unwrap();
        line[length] = byte[0].to_ascii_uppercase();
        length += 1;
        if byte[0] == b'\n' || length == line.len() {
            // The driver takes what its buffer has room for, and nobody would tell of more room.
            for part in line[..length].chunks(SIZE) {
                tx.write_all(part).await.unwrap();
                tx.flush().await.unwrap();
            }
            length = 0;
        }
    }
}
