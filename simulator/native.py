"""Unicorn's engine opened as an F746's Cortex-M7, and its C API where the binding is slow or lacks it.

Reference: Unicorn 2.1.4's C API and its Python binding.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable

import unicorn
from unicorn import arm_const as arm
from unicorn.unicorn_py3 import unicorn as binding

SUPPORTED = "2.1.4"
NO_EXIT = 0xFFFF_FFFE


class NativeError(RuntimeError):
    """Unicorn is not laid out as this simulator needs it."""


def word_at(address: int) -> ctypes.c_uint32:
    """A 32-bit word of this process's memory, live."""
    return ctypes.c_uint32.from_address(address)


def words_at(address: int, count: int) -> memoryview:
    """So many of them."""
    return memoryview((ctypes.c_uint32 * count).from_address(address)).cast("B").cast("I")


def open_engine() -> unicorn.Uc:
    """Open a Cortex-M7 with the single-precision FPU of the F746. Raises NativeError for another Unicorn."""
    if unicorn.__version__ != SUPPORTED:
        raise NativeError(f"unicorn {unicorn.__version__} is installed; this simulator is made for {SUPPORTED}")
    return unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB, cpu=arm.UC_CPU_ARM_CORTEX_M7)


class Registers:
    """An engine's 32-bit registers by Unicorn's numbers, without what the binding spends on registers of other kinds."""

    def __init__(self, uc: unicorn.Uc) -> None:
        self._handle = uc._uch
        self._word = ctypes.c_uint32()
        self._place = ctypes.byref(self._word)

    def read(self, register: int) -> int:
        binding.uclib.uc_reg_read(self._handle, register, self._place)
        return self._word.value

    def write(self, register: int, value: int) -> None:
        self._word.value = value
        binding.uclib.uc_reg_write(self._handle, register, self._place)


def add_hook(uc: unicorn.Uc, kind: int, function: int, data: int, begin: int = 1, end: int = 0) -> int:
    """Register a native hook by the address of its code; begin > end means everywhere. Returns the hook's number."""
    number = ctypes.c_size_t(0)
    status = binding.uclib.uc_hook_add(
        uc._uch,
        ctypes.byref(number),
        kind,
        ctypes.c_void_p(function),
        ctypes.c_void_p(data),
        ctypes.c_uint64(begin),
        ctypes.c_uint64(end),
    )
    if status != unicorn.UC_ERR_OK:
        raise NativeError(f"uc_hook_add failed: {unicorn.UcError(status)}")
    return number.value


def delete_hook(uc: unicorn.Uc, number: int) -> None:
    """Remove a hook of add_hook."""
    binding.uclib.uc_hook_del(uc._uch, ctypes.c_size_t(number))


def flush_tlb(uc: unicorn.Uc) -> None:
    """Have the fill hook asked anew for every page."""
    uc.ctl(unicorn.UC_CTL_TLB_FLUSH, unicorn.UC_CTL_IO_WRITE)


def map_peripherals(
    uc: unicorn.Uc, base: int, size: int, read: Callable[[int, int], int], write: Callable[[int, int, int], None]
) -> object:
    """As uc.mmio_map, by functions of addresses and without the binding's wrappers; keep what is returned as long as the engine."""

    def on_read(engine: int, offset: int, width: int, data: object) -> int:
        try:
            return read(base + offset, width)
        except BaseException as error:
            return _end_by(uc, error)

    def on_write(engine: int, offset: int, width: int, value: int, data: object) -> None:
        try:
            write(base + offset, width, value)
        except BaseException as error:
            _end_by(uc, error)

    functions = binding.MMIO_READ_CFUNC(on_read), binding.MMIO_WRITE_CFUNC(on_write)
    status = binding.uclib.uc_mmio_map(uc._uch, base, size, functions[0], None, functions[1], None)
    if status != unicorn.UC_ERR_OK:
        raise NativeError(f"uc_mmio_map failed: {unicorn.UcError(status)}")
    return functions


def stop_function() -> int:
    """The address of uc_emu_stop, for native hooks."""
    address = ctypes.cast(binding.uclib.uc_emu_stop, ctypes.c_void_p).value
    if address is None:
        raise NativeError("uc_emu_stop has no address")
    return address


def emulate_function() -> int:
    """The address of uc_emu_start."""
    address = ctypes.cast(binding.uclib.uc_emu_start, ctypes.c_void_p).value
    if address is None:
        raise NativeError("uc_emu_start has no address")
    return address


def run(uc: unicorn.Uc, emulate: Callable[[int], int]) -> None:
    """As uc.emu_start, by a function that takes the engine's address and gives its error. Raises UcError, and what a hook raised."""
    uc._hook_exception = None
    status = emulate(engine_address(uc))
    if status != unicorn.UC_ERR_OK:
        raise unicorn.UcError(status)
    if uc._hook_exception is not None:
        raise uc._hook_exception


def _end_by(uc: unicorn.Uc, error: BaseException) -> int:
    """What Unicorn's binding does for a hook that raises, with a value for one that must give it, or ctypes complains on stderr."""
    if uc._hook_exception is None:
        uc._hook_exception = error
    uc.emu_stop()
    return 0


def engine_address(uc: unicorn.Uc) -> int:
    """The address of the engine that native hooks are given."""
    value = uc._uch.value
    if value is None:
        raise NativeError("the engine is closed")
    return int(value)
