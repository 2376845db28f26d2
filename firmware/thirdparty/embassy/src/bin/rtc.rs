//! The calendar on LSE: set just before a year's end, told each second; a backup register counts the starts.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_stm32::rcc::LsConfig;
use embassy_stm32::rtc::{DateTime, DayOfWeek, Rtc, RtcConfig};
use embassy_time::Timer;
use embedded_io::Write;

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let mut config = programs::board();
    config.rcc.ls = LsConfig::default_lse();
    let p = embassy_stm32::init(config);
    let mut console = programs::console(p.USART1, p.PA9);
    let (mut rtc, time) = Rtc::new(p.RTC, RtcConfig::default());
    let starts = rtc.read_backup_register(0).unwrap() + 1;
    rtc.write_backup_register(0, starts);
    writeln!(console, "start {starts}").unwrap();
    if starts == 1 {
        rtc.set_datetime(DateTime::from(2027, 12, 31, DayOfWeek::Friday, 23, 59, 58, 0).unwrap()).unwrap();
    }
    let mut last = 60;
    loop {
        let now = time.now().unwrap();
        if now.second() != last {
            last = now.second();
            let (year, month, day) = (now.year(), now.month(), now.day());
            let (hour, minute, weekday) = (now.hour(), now.minute(), now.day_of_week());
            writeln!(console, "{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{last:02} {weekday:?}").unwrap();
        }
        if starts == 1 && now.year() == 2028 && last == 1 {
            console.flush().unwrap();
            cortex_m::peripheral::SCB::sys_reset();
        }
        Timer::after_millis(1).await;
    }
}
