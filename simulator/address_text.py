"""Addresses and words as people read them."""

from __future__ import annotations


def address_text(value: int) -> str:
    """0x0800_0412."""
    return f"0x{value >> 16:04x}_{value & 0xFFFF:04x}"
