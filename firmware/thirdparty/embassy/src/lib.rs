//! What the programs share: the clocks of the board STM32F746G-DISCO and its serial port. A panic ends in a semihosting exit.
#![no_std]

use embassy_stm32::mode::Blocking;
use embassy_stm32::peripherals::{PA9, USART1};
use embassy_stm32::rcc::{
    AHBPrescaler, APBPrescaler, Hse, HseMode, Pll, PllMul, PllPDiv, PllPreDiv, PllQDiv, PllRDiv, PllSource, Sysclk,
};
use embassy_stm32::time::mhz;
use embassy_stm32::usart::{Config as UartConfig, UartTx};
use embassy_stm32::{Config, Peri};
use panic_semihosting as _;

/// A core of 216 MHz from the crystal of 25 MHz, 48 MHz for the random numbers, 9 MHz for the display (its driver
/// halves). Timers run at 108 MHz on APB1 and at 216 MHz on APB2.
pub fn board() -> Config {
    let mut config = Config::default();
    let rcc = &mut config.rcc;
    rcc.hse = Some(Hse { freq: mhz(25), mode: HseMode::Oscillator });
    rcc.pll_src = PllSource::HSE;
    rcc.pll = Some(Pll {
        prediv: PllPreDiv::DIV25,
        mul: PllMul::MUL432,
        divp: Some(PllPDiv::DIV2),
        divq: Some(PllQDiv::DIV9),
        divr: None,
    });
    rcc.pllsai =
        Some(Pll { prediv: PllPreDiv::DIV25, mul: PllMul::MUL126, divp: None, divq: None, divr: Some(PllRDiv::DIV7) });
    rcc.sys = Sysclk::PLL1_P;
    rcc.ahb_pre = AHBPrescaler::DIV1;
    rcc.apb1_pre = APBPrescaler::DIV4;
    rcc.apb2_pre = APBPrescaler::DIV2;
    config
}

/// The serial port behind the debugger, for text, at 115200 baud.
pub fn console(usart: Peri<'static, USART1>, tx: Peri<'static, PA9>) -> UartTx<'static, Blocking> {
    UartTx::new_blocking(usart, tx, UartConfig::default()).unwrap()
}
