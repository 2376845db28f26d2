"""Pieces of programs with the caches on, DMA transfers and cache maintenance, for the tests of stale accesses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from programs import UE_TE_RE, USART1, move, program, store, wait_until_set

from simulator.firmware import load as load_firmware
from simulator.machine import Machine
from simulator.settings import Settings

ISB = bytes.fromhex("bff36f8f")
CCR, CACHES, STKALIGN = 0xE000_ED14, 3 << 16, 1 << 9
ICIALLU, ICIMVAU, DCIMVAC, DCISW, DCCMVAU, DCCMVAC, DCCSW, DCCIMVAC, DCCISW = (
    0xE000_EF00 + offset for offset in (0x50, 0x58, 0x5C, 0x60, 0x64, 0x68, 0x6C, 0x70, 0x74)
)
DTCM, SRAM = 0x2000_0000, 0x2002_0000
RCC_AHB1ENR = 0x4002_3830
DMA2, STREAM_0, STREAM_7 = 0x4002_6400, 0x4002_6410, 0x4002_64B8
DMA2_CLOCK = store(1 << 22, RCC_AHB1ENR)
COPY_BYTES = 2 << 6 | 1 << 9 | 1 << 10 | 1
COPY_WORDS = COPY_BYTES | 2 << 11 | 2 << 13


def cached(code: bytes, *, caches: int = CACHES) -> bytes:
    """The code with caches (bit 16: data, bit 17: instructions) and DMA2 on; the barrier ends the block that switches them."""
    return store(caches | STKALIGN, CCR) + ISB + DMA2_CLOCK + code


def copy_by_dma(source: int, target: int, words: int) -> bytes:
    """Memory to memory by DMA2 stream 0, until it is over."""
    code = store(words, STREAM_0 + 4) + store(source, STREAM_0 + 8) + store(target, STREAM_0 + 12)
    return code + store(COPY_WORDS, STREAM_0) + wait_until_set(DMA2, 1 << 5) + store(0x3D, DMA2 + 8)


def send_by_dma(source: int, count: int) -> bytes:
    """Bytes to USART1's TDR by DMA2 stream 7, channel 4, until the last is sent."""
    code = store(1 << 7, USART1 + 8) + store(count, STREAM_7 + 4) + store(USART1 + 0x28, STREAM_7 + 8)
    code += store(source, STREAM_7 + 12) + store(4 << 25 | 1 << 6 | 1 << 10 | 1, STREAM_7)
    return code + wait_until_set(DMA2 + 4, 1 << 27) + wait_until_set(USART1 + 0x1C, 1 << 6)


def serial_clocked() -> bytes:
    return store(1 << 4, 0x4002_3844) + store(16, USART1 + 0xC) + store(UE_TE_RE, USART1)


def maintain(register: int, value: int) -> bytes:
    return store(value, register) + ISB


def keep(address: int, at: int) -> bytes:
    """The word at an address to another place."""
    return move(1, address) + b"\x08\x68" + move(1, at) + b"\x08\x60"


def machine(
    code: bytes,
    folder: Path,
    *,
    data: bool = False,
    settings: Settings = Settings(),  # noqa: B008
    **variables: int,
) -> Machine:
    path = folder / "cached.elf"
    path.write_bytes(program(code, variables=variables))
    return Machine(load_firmware(path), settings=replace(settings, dcache_data=data))
