"""Words of memory by host address, for kernels: compiled they are single instructions, as plain Python they go through ctypes.

Reference: none. A module of kernels is plain Python in every process but the one that compiles it (simulator/timing/compiled_words.py);
what the others call is the object code of its c_functions, by address (simulator/timing/kernel_objects.py).
"""

from __future__ import annotations

import ctypes
import functools
import os
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from simulator.timing import kernel_objects

COMPILES = os.environ.get(kernel_objects.COMPILES) == "1"
PLAIN = os.environ.get("NUMBA_DISABLE_JIT") == "1"
KINDS: dict[str, Any] = {
    "void": None,
    "boolean": ctypes.c_bool,
    "int32": ctypes.c_int32,
    "int64": ctypes.c_int64,
    "uint32": ctypes.c_uint32,
    "uint64": ctypes.c_uint64,
}


def get(base: int, index: int) -> int:
    """The int64 at base + 8 * index."""
    return ctypes.c_int64.from_address(base + 8 * index).value


def put(base: int, index: int, value: int) -> None:
    """Set the int64 at base + 8 * index."""
    ctypes.c_int64.from_address(base + 8 * index).value = value


def get_int32(base: int, index: int) -> int:
    """The int32 at base + 4 * index."""
    return ctypes.c_int32.from_address(base + 4 * index).value


def get_word(address: int) -> int:
    """The uint32 at address."""
    return ctypes.c_uint32.from_address(address).value


def put_word(address: int, value: int) -> None:
    """Set the uint32 at address."""
    ctypes.c_uint32.from_address(address).value = value


def put_byte(address: int, value: int) -> None:
    """Set the uint8 at address."""
    ctypes.c_uint8.from_address(address).value = value


def get_half(address: int) -> int:
    """The uint16 at address."""
    return ctypes.c_uint16.from_address(address).value


def get_byte(address: int) -> int:
    """The uint8 at address."""
    return ctypes.c_uint8.from_address(address).value


def signed(value: int) -> int:
    """A value of any width as an int64."""
    return int(value)


def call(function: int, argument: int) -> int:
    """Call the C function `int f(void*)` at an address."""
    return int(ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(function)(argument))


def call_kernel(function: int, a: int, b: int, c: int, d: int) -> int:
    """Call the kernel `int64 f(int64, int64, int64, int64)` at an address."""
    return int(ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * 4)(function)(a, b, c, d))


def array_at(address: int, shape: tuple[int, ...], kind: Any) -> Any:
    """The C-ordered array at an address."""
    size = int(np.prod(shape)) * np.dtype(kind).itemsize
    return np.frombuffer((ctypes.c_uint8 * size).from_address(address), kind).reshape(shape)


def njit(function: Callable[..., Any] | None = None, *, forceinline: bool = False) -> Any:
    """A kernel that only kernels call."""
    return function if function is not None else lambda f: f


class CFunction:
    """A kernel that C and Python call, by a signature as numba writes it: `int64(int64, uint32)`."""

    def __init__(self, function: Callable[..., Any], signature: str) -> None:
        self.function = function
        self.name = function.__name__
        module = function.__module__
        spec = getattr(sys.modules[module], "__spec__", None)
        self.module: str = spec.name if module == "__main__" and spec is not None else module
        result, _, arguments = signature.rstrip(")").partition("(")
        self.kind = ctypes.CFUNCTYPE(KINDS[result], *(KINDS[name.strip()] for name in arguments.split(",")))

    @functools.cached_property
    def ctypes(self) -> Any:
        """To call it from Python: compiled, or a callback where nothing is compiled."""
        return self.kind(self.function) if PLAIN else self.kind(kernel_objects.address(self.module, self.name))

    @functools.cached_property
    def address(self) -> int:
        """Where its code is. Raises kernel_objects.KernelError where it cannot be compiled."""
        return ctypes.cast(self.ctypes, ctypes.c_void_p).value or 0


def c_function(signature: str) -> Callable[[Callable[..., Any]], CFunction]:
    """A kernel that C and Python call."""
    return lambda function: CFunction(function, signature)


if COMPILES:
    from simulator.timing import compiled_words

    globals().update({name: getattr(compiled_words, name) for name in compiled_words.__all__})
