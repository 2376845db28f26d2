"""Firmware that executes one undefined instruction after the other, and logs where each faulted and with what status."""
