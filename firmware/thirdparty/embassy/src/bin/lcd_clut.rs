//! The display: a layer of 256 colours over the whole panel, one of RGB565 in a window above it, and two pictures that take
//! turns, a frame each.
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use embassy_stm32::gpio::{AfType, Flex, Level, Output, OutputType, Speed};
use embassy_stm32::ltdc::{
    self, Ltdc, LtdcConfiguration, LtdcLayer, LtdcLayerConfig, PixelFormat, PolarityActive, PolarityEdge, RgbColor,
};
use embassy_stm32::{bind_interrupts, peripherals};
use programs as _;

bind_interrupts!(struct Irqs {
    LTDC => ltdc::InterruptHandler<peripherals::LTDC>;
});

const WIDTH: usize = 480;
const HEIGHT: usize = 272;
const SIDE: usize = 32;

/// The panel RK043FN48H.
const PANEL: LtdcConfiguration = LtdcConfiguration {
    active_width: WIDTH as u16,
    active_height: HEIGHT as u16,
    h_back_porch: 13,
    h_front_porch: 32,
    v_back_porch: 2,
    v_front_porch: 2,
    h_sync: 41,
    v_sync: 10,
    h_sync_polarity: PolarityActive::ActiveLow,
    v_sync_polarity: PolarityActive::ActiveLow,
    data_enable_polarity: PolarityActive::ActiveHigh,
    pixel_clock_polarity: PolarityEdge::FallingEdge,
};

static mut PICTURE: [[u8; WIDTH]; HEIGHT] = [[0; WIDTH]; HEIGHT];
static mut WINDOWS: [[[u16; SIDE]; SIDE]; 2] = [[[0; SIDE]; SIDE]; 2];

fn draw(picture: &mut [[u8; WIDTH]; HEIGHT], windows: &mut [[[u16; SIDE]; SIDE]; 2]) {
    for (y, row) in picture.iter_mut().enumerate() {
        for (x, pixel) in row.iter_mut().enumerate() {
            *pixel = (x ^ y) as u8;
        }
    }
    for (n, window) in windows.iter_mut().enumerate() {
        for (y, row) in window.iter_mut().enumerate() {
            for (x, pixel) in row.iter_mut().enumerate() {
                *pixel = if n == 0 { (x << 11 | y) as u16 } else { (y << 11 | x << 6) as u16 };
            }
        }
    }
}

#[embassy_executor::main]
async fn main(_spawner: Spawner) {
    let p = embassy_stm32::init(programs::board());
    // SAFETY: the display controller reads them, and nobody else has a reference.
    let (picture, windows) = unsafe { (&mut *(&raw mut PICTURE), &mut *(&raw mut WINDOWS)) };
    draw(picture, windows);

    let mut data_enable = Flex::new(p.PK7);
    data_enable.set_as_af_unchecked(14, AfType::output(OutputType::PushPull, Speed::VeryHigh));
    let mut ltdc = Ltdc::new_with_pins(
        p.LTDC, Irqs, p.PI14, p.PI10, p.PI9, // clock, hsync, vsync
        p.PE4, p.PJ13, p.PJ14, p.PJ15, p.PG12, p.PK4, p.PK5, p.PK6, // blue
        p.PJ7, p.PJ8, p.PJ9, p.PJ10, p.PJ11, p.PK0, p.PK1, p.PK2, // green
        p.PI15, p.PJ0, p.PJ1, p.PJ2, p.PJ3, p.PJ4, p.PJ5, p.PJ6, // red
    );
    ltdc.init(&PANEL);
    let whole = LtdcLayerConfig {
        layer: LtdcLayer::Layer1,
        pixel_format: PixelFormat::L8,
        window_x0: 0,
        window_x1: WIDTH as u16,
        window_y0: 0,
        window_y1: HEIGHT as u16,
    };
    let window = LtdcLayerConfig {
        layer: LtdcLayer::Layer2,
        pixel_format: PixelFormat::RGB565,
        window_x0: 100,
        window_x1: 100 + SIDE as u16,
        window_y0: 50,
        window_y1: 50 + SIDE as u16,
    };
    let mut colours = [RgbColor::default(); 256];
    for (n, colour) in colours.iter_mut().enumerate() {
        *colour = RgbColor { red: n as u8, green: (5 * n) as u8, blue: 255 - n as u8 };
    }
    ltdc.init_layer(&whole, Some(&colours));
    ltdc.set_buffer(LtdcLayer::Layer1, (&raw const *picture).cast()).await.unwrap();
    ltdc.init_layer(&window, None);
    let _display = Output::new(p.PI12, Level::High, Speed::Low);
    let _backlight = Output::new(p.PK3, Level::High, Speed::Low);
    let mut led = Output::new(p.PI1, Level::Low, Speed::Low);
    for shown in windows.iter().cycle() {
        ltdc.set_buffer(LtdcLayer::Layer2, (&raw const *shown).cast()).await.unwrap();
        led.toggle();
    }
}
