"""TFLM's own unit tests, as the crate tfmicro carries them, one ELF a file and set of kernels, for the discovery board."""
