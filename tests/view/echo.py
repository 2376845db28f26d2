"""A firmware that sends back what USART1 gets, and lights the green LED at "1" until "0" comes: at 16 MHz, polling."""

from __future__ import annotations

from tests.simulator.small_firmware import FLASH, elf, vectors
from tests.timing.assembler import assemble

SOURCE = """
    ldr r0, =0x40023830; mov r1, #0x100; str r1, [r0]       @ RCC_AHB1ENR: GPIOI
    ldr r0, =0x40023844; movs r1, #0x10; str r1, [r0]       @ RCC_APB2ENR: USART1
    ldr r5, =0x40022000; movs r1, #4; str r1, [r5]          @ PI1 is an output
    ldr r4, =0x40011000; movs r1, #16; str r1, [r4, #0x0C]  @ 1 Mbaud
    movs r1, #0xD; str r1, [r4]                             @ UE, TE, RE
wait:
    ldr r1, [r4, #0x1C]; lsls r1, r1, #26; bpl wait         @ RXNE
    ldr r2, [r4, #0x24]; str r2, [r4, #0x28]
    movs r3, #2; cmp r2, #'1'; beq set
    lsls r3, r3, #16; cmp r2, #'0'; bne wait
set:
    str r3, [r5, #0x18]; b wait
"""


def program() -> bytes:
    data = vectors(assemble(SOURCE))
    return elf([(FLASH, FLASH, data, len(data))])
