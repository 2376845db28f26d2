"""CMSIS-DSP's function families on seeded data, as firmware for mps2-an500 and as programs of the host."""
