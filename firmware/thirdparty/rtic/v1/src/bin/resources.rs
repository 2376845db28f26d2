//! Who runs when: three software tasks with messages, and a resource whose lock holds the higher ones back.
//!
//! PI1 is high while `low` is at work, PI2 while `middle` is, PI3 while `high` is; the log says the same in words.
#![no_std]
#![no_main]

#[rtic::app(device = board::device, dispatchers = [UART7, UART8, SPI6])]
mod app {
    use core::fmt::Write;

    use board::Serial;

    #[shared]
    struct Shared {
        serial: Serial,
    }

    #[local]
    struct Local {}

    #[init]
    fn init(mut cx: init::Context) -> (Shared, Local, init::Monotonics) {
        board::init(&cx.device, &mut cx.core.DCB, &mut cx.core.DWT);
        low::spawn().unwrap();
        (Shared { serial: Serial(cx.device.USART1) }, Local {}, init::Monotonics())
    }

    #[idle(shared = [serial])]
    fn idle(mut cx: idle::Context) -> ! {
        cx.shared.serial.lock(|serial| writeln!(serial, "idle").unwrap());
        loop {
            cortex_m::asm::nop();
        }
    }

    #[task(priority = 1, shared = [serial])]
    fn low(mut cx: low::Context) {
        board::high(1);
        cx.shared.serial.lock(|serial| {
            writeln!(serial, "low locks").unwrap();
            high::spawn(1).unwrap();
            middle::spawn("from low").unwrap();
            high::spawn(2).unwrap();
            assert_eq!(high::spawn(3), Err(3));
            writeln!(serial, "low unlocks").unwrap();
        });
        cx.shared.serial.lock(|serial| writeln!(serial, "low ends").unwrap());
        board::low(1);
    }

    #[task(priority = 2, shared = [serial])]
    fn middle(mut cx: middle::Context, text: &'static str) {
        board::high(2);
        cx.shared.serial.lock(|serial| writeln!(serial, "middle {text}").unwrap());
        high::spawn(4).unwrap();
        cx.shared.serial.lock(|serial| writeln!(serial, "middle ends").unwrap());
        board::low(2);
    }

    #[task(priority = 3, capacity = 2, shared = [serial])]
    fn high(mut cx: high::Context, number: u32) {
        board::high(3);
        cx.shared.serial.lock(|serial| writeln!(serial, "high {number}").unwrap());
        board::low(3);
    }
}
