//! The linker script is cortex-m-rt's, its memories are the board's.
fn main() {
    println!("cargo:rustc-link-search={}/../board", std::env::var("CARGO_MANIFEST_DIR").unwrap());
    println!("cargo:rerun-if-changed=../board/memory.x");
    println!("cargo:rustc-link-arg-bins=--nmagic");
    println!("cargo:rustc-link-arg-bins=-Tlink.x");
}
