"""Firmware that runs random instruction sequences and logs the state in which each ends."""
