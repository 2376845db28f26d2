//! Time in microseconds, by TIM2's compare interrupt: PI1 changes each 250, PI2 each 1000 with lower priority, and PI3 is high
//! for 777 from a press of the button on; each further press begins them anew.
#![no_std]
#![no_main]

use panic_semihosting as _;

#[rtic::app(device = stm32f7xx_hal::pac, dispatchers = [USART2, USART3])]
mod app {
    use stm32f7xx_hal::gpio::{Edge, ExtiPin, Input, Output, PI1, PI11, PI2, PI3};
    use stm32f7xx_hal::pac::TIM2;
    use stm32f7xx_hal::prelude::*;
    use stm32f7xx_hal::rcc::{HSEClock, HSEClockMode};
    use stm32f7xx_hal::timer::MonoTimerUs;

    #[monotonic(binds = TIM2, default = true)]
    type Mono = MonoTimerUs<TIM2>;
    type Instant = <Mono as rtic::Monotonic>::Instant;

    #[shared]
    struct Shared {
        pulse: PI3<Output>,
        end: Option<end::SpawnHandle>,
    }

    #[local]
    struct Local {
        fast: PI1<Output>,
        slow: PI2<Output>,
        button: PI11<Input>,
    }

    #[init]
    fn init(mut cx: init::Context) -> (Shared, Local, init::Monotonics) {
        let mut rcc = cx.device.RCC.constrain();
        let port = cx.device.GPIOI.split();
        let mut button = port.pi11.into_floating_input();
        button.make_interrupt_source(&mut cx.device.SYSCFG, &mut rcc.apb2);
        button.trigger_on_edge(&mut cx.device.EXTI, Edge::Rising);
        button.enable_interrupt(&mut cx.device.EXTI);
        let hse = HSEClock::new(25.MHz(), HSEClockMode::Oscillator);
        let clocks = rcc.cfgr.hse(hse).sysclk(216.MHz()).freeze();
        let mono = cx.device.TIM2.monotonic_us(&clocks);
        let start = Instant::from_ticks(1000);
        fast::spawn_at(start, start).unwrap();
        slow::spawn_at(start, start).unwrap();
        let pulse = port.pi3.into_push_pull_output();
        let (fast, slow) = (port.pi1.into_push_pull_output(), port.pi2.into_push_pull_output());
        (Shared { pulse, end: None }, Local { fast, slow, button }, init::Monotonics(mono))
    }

    #[idle]
    fn idle(_: idle::Context) -> ! {
        loop {
            cortex_m::asm::wfi();
        }
    }

    #[task(priority = 2, local = [fast])]
    fn fast(cx: fast::Context, now: Instant) {
        cx.local.fast.toggle();
        let next = now + 250.micros();
        fast::spawn_at(next, next).unwrap();
    }

    #[task(priority = 1, local = [slow])]
    fn slow(cx: slow::Context, now: Instant) {
        cx.local.slow.toggle();
        let next = now + 1000.micros();
        slow::spawn_at(next, next).unwrap();
    }

    #[task(binds = EXTI15_10, priority = 3, local = [button], shared = [pulse, end])]
    fn press(cx: press::Context) {
        cx.local.button.clear_interrupt_pending_bit();
        let lasting = 777.micros();
        (cx.shared.pulse, cx.shared.end).lock(|pulse, handle| {
            pulse.set_high();
            *handle = match handle.take() {
                Some(running) => running.reschedule_after(lasting).ok(),
                None => end::spawn_after(lasting).ok(),
            };
        });
    }

    #[task(priority = 2, shared = [pulse, end])]
    fn end(cx: end::Context) {
        (cx.shared.pulse, cx.shared.end).lock(|pulse, handle| {
            pulse.set_low();
            *handle = None;
        });
    }
}
