//! Time: a task each 10 ms over one that keeps the core busy, one that is put off again and again, and the button over all.
//!
//! PI1 changes with each tick; PI2 is high while `busy` is at work; PI3 rises when nobody puts `late` off any more, and
//! falls as the button is pressed.
#![no_std]
#![no_main]

#[rtic::app(device = board::device, dispatchers = [UART7, UART8])]
mod app {
    use systick_monotonic::{fugit::TimerInstantU64, ExtU64, Systick};

    #[monotonic(binds = SysTick, default = true)]
    type Mono = Systick<1000>;
    type Instant = TimerInstantU64<1000>;

    #[shared]
    struct Shared {}

    #[local]
    struct Local {
        level: bool,
        late: Option<late::SpawnHandle>,
    }

    #[init]
    fn init(mut cx: init::Context) -> (Shared, Local, init::Monotonics) {
        board::init(&cx.device, &mut cx.core.DCB, &mut cx.core.DWT);
        let start = Instant::from_ticks(0);
        tick::spawn_at(start + 10.millis(), start + 10.millis()).unwrap();
        busy::spawn_at(start + 35.millis(), start + 35.millis()).unwrap();
        let late = late::spawn_at(start + 40.millis()).unwrap();
        put_off::spawn_at(start + 25.millis(), start + 25.millis()).unwrap();
        let mono = Systick::new(cx.core.SYST, board::CORE);
        (Shared {}, Local { level: false, late: Some(late) }, init::Monotonics(mono))
    }

    #[task(priority = 2, local = [level])]
    fn tick(cx: tick::Context, now: Instant) {
        *cx.local.level = !*cx.local.level;
        if *cx.local.level {
            board::high(1);
        } else {
            board::low(1);
        }
        tick::spawn_at(now + 10.millis(), now + 10.millis()).unwrap();
    }

    #[task(priority = 1)]
    fn busy(_: busy::Context, now: Instant) {
        board::high(2);
        board::busy(20);
        board::low(2);
        busy::spawn_at(now + 35.millis(), now + 35.millis()).unwrap();
    }

    /// Five times, each time to 40 ms from then.
    #[task(priority = 2, local = [late, count: u32 = 0])]
    fn put_off(cx: put_off::Context, now: Instant) {
        *cx.local.count += 1;
        let handle = cx.local.late.take().unwrap();
        *cx.local.late = Some(handle.reschedule_at(now + 40.millis()).unwrap());
        if *cx.local.count < 5 {
            put_off::spawn_at(now + 25.millis(), now + 25.millis()).unwrap();
        }
    }

    #[task(priority = 2)]
    fn late(_: late::Context) {
        board::high(3);
    }

    #[task(binds = EXTI15_10, priority = 3)]
    fn button(_: button::Context) {
        board::button_seen();
        board::low(3);
    }
}
