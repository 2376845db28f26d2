//! Asynchronous tasks that talk: a producer of higher priority, a channel of two places, a consumer with a time-out, and a
//! resource that both lock.
//!
//! PI1 changes with each message sent, PI2 is high while the consumer works on one.
#![no_std]
#![no_main]

use rtic_monotonics::systick::prelude::*;

systick_monotonic!(Mono, 1000);

#[rtic::app(device = board::device, dispatchers = [UART7, UART8])]
mod app {
    use core::fmt::Write;

    use board::Serial;
    use rtic_sync::channel::{Receiver, Sender};
    use rtic_sync::make_channel;

    use super::*;

    const PLACES: usize = 2;

    #[shared]
    struct Shared {
        serial: Serial,
    }

    #[local]
    struct Local {}

    #[init]
    fn init(mut cx: init::Context) -> (Shared, Local) {
        board::init(&cx.device, &mut cx.core.DCB, &mut cx.core.DWT);
        Mono::start(cx.core.SYST, board::CORE);
        let (sender, receiver) = make_channel!(u32, PLACES);
        consume::spawn(receiver).unwrap();
        produce::spawn(sender).unwrap();
        (Shared { serial: Serial(cx.device.USART1) }, Local {})
    }

    /// Three numbers at once, of which the channel takes two, then a pause of 70 ms, again and again.
    #[task(priority = 2, shared = [serial])]
    async fn produce(mut cx: produce::Context, mut sender: Sender<'static, u32, PLACES>) {
        for round in 0.. {
            for number in 3 * round..3 * round + 3 {
                sender.send(number).await.unwrap();
                if number % 2 == 0 {
                    board::high(1);
                } else {
                    board::low(1);
                }
            }
            cx.shared.serial.lock(|serial| writeln!(serial, "round {round} sent").unwrap());
            Mono::delay(70.millis()).await;
        }
    }

    #[task(priority = 1, shared = [serial])]
    async fn consume(mut cx: consume::Context, mut receiver: Receiver<'static, u32, PLACES>) {
        loop {
            match Mono::timeout_after(30.millis(), receiver.recv()).await {
                Ok(number) => {
                    let number = number.unwrap();
                    board::high(2);
                    Mono::delay(5.millis()).await;
                    board::low(2);
                    cx.shared.serial.lock(|serial| writeln!(serial, "{number}").unwrap());
                }
                Err(_) => cx.shared.serial.lock(|serial| writeln!(serial, "nothing for 30 ms").unwrap()),
            }
        }
    }
}
