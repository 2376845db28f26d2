"""Programs for the command line's tests, put together instruction by instruction so that no toolchain is needed."""

from __future__ import annotations

import struct

from small_firmware import FLASH, STACK, elf

CODE = FLASH + 0x1C0  # behind a table of 112 vectors
RCC_APB2ENR, RCC_APB1ENR = 0x4002_3844, 0x4002_3840
USART1 = 0x4001_1000
CR1, CR3, BRR, ISR, RDR, TDR = 0x00, 0x08, 0x0C, 0x1C, 0x24, 0x28
UE_TE_RE = 0xD
FOREVER = b"\xfe\xe7"  # b .
FUNCTION, OBJECT = 2, 1


def move(register: int, value: int) -> bytes:
    """MOVW and MOVT: any 32-bit value into a register."""
    return b"".join(
        struct.pack(
            "<HH",
            opcode | (half >> 11 & 1) << 10 | half >> 12,
            (half >> 8 & 7) << 12 | register << 8 | half & 0xFF,
        )
        for opcode, half in ((0xF240, value & 0xFFFF), (0xF2C0, value >> 16))
    )


def store(value: int, address: int) -> bytes:
    """*(uint32_t *)address = value, through R0 and R1."""
    return move(0, value) + move(1, address) + b"\x08\x60"


def load(address: int) -> bytes:
    """R0 = *(uint32_t *)address."""
    return move(1, address) + b"\x08\x68"


def wait_until_set(address: int, mask: int) -> bytes:
    """do { } while (!(*(uint32_t *)address & mask));"""
    return move(1, address) + move(2, mask) + b"\x08\x68" + b"\x10\x42" + b"\xfc\xd0"


def serial_on() -> bytes:
    """USART1 at 1 Mbaud of the 16 MHz that the chip starts with."""
    return store(1 << 4, RCC_APB2ENR) + store(16, USART1 + BRR) + store(UE_TE_RE, USART1 + CR1)


def put(text: str) -> bytes:
    """Each character by TDR, waiting for its end."""
    return b"".join(store(byte, USART1 + TDR) + wait_until_set(USART1 + ISR, 1 << 6) for byte in text.encode())


def semihosting(operation: int, parameter: int) -> bytes:
    return move(0, operation) + move(1, parameter) + b"\xab\xbe"


def leave(code: int) -> bytes:
    """SYS_EXIT_EXTENDED with a block in RAM."""
    block = STACK - 0x100
    return store(0x20026, block) + store(code, block + 4) + semihosting(0x20, block)


def program(
    code: bytes,
    *,
    handler: bytes = FOREVER,
    functions: dict[str, int] | None = None,
    variables: dict[str, int] | None = None,
) -> bytes:
    """An ELF: `main` is code, every exception goes to `fault_handler`; functions are more names for code, variables are words in RAM by name."""
    at = CODE + len(code)
    vectors = struct.pack("<112I", STACK, CODE | 1, *[at | 1] * 110)
    symbols = [("main", CODE | 1, len(code), FUNCTION), ("fault_handler", at | 1, len(handler), FUNCTION)]
    symbols += [(name, address | 1, 2, FUNCTION) for name, address in (functions or {}).items()]
    symbols += [(name, address, 4, OBJECT) for name, address in (variables or {}).items()]
    image = vectors + code + handler
    return elf([(FLASH, FLASH, image, len(image))], symbols=symbols)


# Says "> ", sends back the first byte that comes, and ends.
ECHO = (
    serial_on()
    + put("> ")
    + wait_until_set(USART1 + ISR, 1 << 5)
    + load(USART1 + RDR)
    + move(1, USART1 + TDR)
    + b"\x08\x60"
    + wait_until_set(USART1 + ISR, 1 << 6)
    + leave(0)
)
