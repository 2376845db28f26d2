//! Priorities: two asynchronous tasks of different priority that both keep the core busy, and the button's interrupt over both.
//!
//! PI1 is high while `quick` is at work (each 5 ms for 1 ms), PI2 while `slow` is (each 20 ms, with 6 ms in which it holds a
//! resource that the button wants, and 4 ms more), PI3 from a press on until `slow` has seen it.
#![no_std]
#![no_main]

use rtic_monotonics::systick::prelude::*;

systick_monotonic!(Mono, 1000);

#[rtic::app(device = board::device, dispatchers = [UART7, UART8])]
mod app {
    use super::*;

    #[shared]
    struct Shared {
        pressed: bool,
    }

    #[local]
    struct Local {}

    #[init]
    fn init(mut cx: init::Context) -> (Shared, Local) {
        board::init(&cx.device, &mut cx.core.DCB, &mut cx.core.DWT);
        Mono::start(cx.core.SYST, board::CORE);
        quick::spawn().unwrap();
        slow::spawn().unwrap();
        (Shared { pressed: false }, Local {})
    }

    #[task(priority = 2)]
    async fn quick(_: quick::Context) {
        let mut next = Mono::now();
        loop {
            next += 5.millis();
            Mono::delay_until(next).await;
            board::high(1);
            board::busy(1);
            board::low(1);
        }
    }

    #[task(priority = 1, shared = [pressed])]
    async fn slow(mut cx: slow::Context) {
        let mut next = Mono::now();
        loop {
            next += 20.millis();
            Mono::delay_until(next).await;
            board::high(2);
            cx.shared.pressed.lock(|pressed| {
                board::busy(6);
                if core::mem::take(pressed) {
                    board::low(3);
                }
            });
            board::busy(4);
            board::low(2);
        }
    }

    #[task(binds = EXTI15_10, priority = 3, shared = [pressed])]
    fn button(mut cx: button::Context) {
        board::button_seen();
        board::high(3);
        cx.shared.pressed.lock(|pressed| *pressed = true);
    }
}
