"""The examples of the crate stm32f7xx-hal, which were written for this chip, and some for this board."""
