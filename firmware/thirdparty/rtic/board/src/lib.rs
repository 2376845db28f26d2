//! What the RTIC programs share: pins of port I that show which task is at work, and the serial port. The clocks are those
//! of reset. A panic ends in a semihosting exit.
#![no_std]

use core::fmt;

use cortex_m::peripheral::{DCB, DWT};
use panic_semihosting as _;
pub use stm32f7::stm32f746 as device;
use stm32f7::stm32f746::{Peripherals, EXTI, GPIOI, USART1};

/// Hz of HSI, which core, SysTick and USART1 run at.
pub const CORE: u32 = 16_000_000;
const BAUD: u32 = 115_200;
const BUTTON: u32 = 1 << 11;

/// PI1, PI2 and PI3 become outputs, PA9 the serial port's, and the button at PI11 interrupts as it is pressed;
/// the core's cycles are counted.
pub fn init(device: &Peripherals, dcb: &mut DCB, dwt: &mut DWT) {
    dcb.enable_trace();
    DWT::unlock();
    dwt.enable_cycle_counter();
    device.RCC.ahb1enr().modify(|_, w| w.gpioaen().set_bit().gpioien().set_bit());
    device.RCC.apb2enr().modify(|_, w| w.usart1en().set_bit().syscfgen().set_bit());
    device.GPIOI.moder().modify(|_, w| w.moder1().output().moder2().output().moder3().output());
    device.GPIOA.afrh().modify(|_, w| w.afrh9().af7());
    device.GPIOA.moder().modify(|_, w| w.moder9().alternate());
    device.USART1.brr().write(|w| unsafe { w.bits(CORE / BAUD) });
    device.USART1.cr1().write(|w| w.te().set_bit().ue().set_bit());
    device.SYSCFG.exticr3().modify(|_, w| unsafe { w.exti11().bits(8) });
    device.EXTI.rtsr().modify(|r, w| unsafe { w.bits(r.bits() | BUTTON) });
    device.EXTI.imr().modify(|r, w| unsafe { w.bits(r.bits() | BUTTON) });
}

/// The button's interrupt is taken.
pub fn button_seen() {
    // SAFETY: one write; bits that are 0 change nothing.
    unsafe { (*EXTI::ptr()).pr().write(|w| w.bits(BUTTON)) };
}

pub fn high(pin: u8) {
    // SAFETY: one write; bits that are 0 change nothing.
    unsafe { (*GPIOI::ptr()).bsrr().write(|w| w.bits(1 << pin)) };
}

pub fn low(pin: u8) {
    // SAFETY: as above.
    unsafe { (*GPIOI::ptr()).bsrr().write(|w| w.bits(1 << (pin + 16))) };
}

/// So many milliseconds go by without anything done, interrupts included.
pub fn busy(milliseconds: u32) {
    let begun = DWT::cycle_count();
    while DWT::cycle_count().wrapping_sub(begun) < milliseconds * (CORE / 1000) {}
}

/// The serial port behind the debugger; a byte waits for its turn.
pub struct Serial(pub USART1);

impl fmt::Write for Serial {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            while self.0.isr().read().txe().bit_is_clear() {}
            self.0.tdr().write(|w| unsafe { w.bits(byte.into()) });
        }
        Ok(())
    }
}
