//! The linker script is cortex-m-rt's, its memories are stm32-metapac's.
fn main() {
    println!("cargo:rustc-link-arg-bins=--nmagic");
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
}
