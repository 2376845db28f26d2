"""Microbenchmarks: loops whose cycles per iteration follow from one measured fact each; one ELF for the board and the simulator."""
