"""Words of memory by host address, for kernels: compiled they are single instructions, as plain Python they go through ctypes.

Reference: none. An array in a kernel costs its bookkeeping at every call; an address does not.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import cfunc, config, njit, types
from numba.core import cgutils
from numba.extending import intrinsic

if config.DISABLE_JIT:

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

    def address_as_pointer(address: int) -> Any:
        """An address as a pointer, for carray."""
        return ctypes.c_void_p(address)

    def call(function: int, argument: int) -> int:
        """Call the C function `int f(void*)` at an address."""
        return int(ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(function)(argument))

    class _Callback:
        """What numba's cfunc gives, of a plain function."""

        def __init__(self, function: Callable[..., Any], result: Any, arguments: list[Any]) -> None:
            self.ctypes = ctypes.CFUNCTYPE(result, *arguments)(function)
            self.address = ctypes.cast(self.ctypes, ctypes.c_void_p).value

    def c_function(signature: Any) -> Callable[[Callable[..., Any]], Any]:
        """A function that C can call, by its numba signature."""
        kinds = {
            types.void: None,
            types.boolean: ctypes.c_bool,
            types.int32: ctypes.c_int32,
            types.int64: ctypes.c_int64,
            types.uint32: ctypes.c_uint32,
            types.uint64: ctypes.c_uint64,
        }
        return lambda f: _Callback(f, kinds[signature.return_type], [kinds[a] for a in signature.args])

else:

    def c_function(signature: Any) -> Callable[[Callable[..., Any]], Any]:
        """A function that C can call, by its numba signature."""
        decorated: Callable[[Callable[..., Any]], Any] = cfunc(signature, cache=True)
        return decorated

    @njit
    def signed(value: int) -> int:
        """A value of any width as an int64."""
        return types.int64(value)

    def _loader(bits: int) -> Any:
        def load(typing: Any, address: Any) -> Any:
            def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
                kind = ir.IntType(bits)
                value = builder.load(builder.inttoptr(args[0], kind.as_pointer()), align=1)
                return builder.zext(value, ir.IntType(64)) if bits < 64 else value

            return types.int64(types.int64), generate

        return intrinsic(load)

    def _storer(bits: int) -> Any:
        def store(typing: Any, address: Any, value: Any) -> Any:
            def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
                kind = ir.IntType(bits)
                value = builder.trunc(args[1], kind) if bits < 64 else args[1]
                builder.store(value, builder.inttoptr(args[0], kind.as_pointer()), align=1)
                return context.get_dummy_value()

            return types.none(types.int64, types.int64), generate

        return intrinsic(store)

    get_byte, get_half, get_word, _get_long = _loader(8), _loader(16), _loader(32), _loader(64)
    put_byte, put_word, _put_long = _storer(8), _storer(32), _storer(64)

    @njit
    def get(base: int, index: int) -> int:
        """The int64 at base + 8 * index."""
        return _get_long(base + 8 * index)

    @njit
    def put(base: int, index: int, value: int) -> None:
        """Set the int64 at base + 8 * index."""
        _put_long(base + 8 * index, value)

    @njit
    def get_int32(base: int, index: int) -> int:
        """The int32 at base + 4 * index."""
        value = get_word(base + 4 * index)
        return value - ((value >> 31) << 32)

    @intrinsic
    def call(typing: Any, function: Any, argument: Any) -> Any:
        """Call the C function `int f(void*)` at an address."""

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            kind = ir.FunctionType(ir.IntType(32), [cgutils.voidptr_t])
            target = builder.inttoptr(args[0], kind.as_pointer())
            return builder.sext(builder.call(target, [builder.inttoptr(args[1], cgutils.voidptr_t)]), ir.IntType(64))

        return types.int64(types.int64, types.int64), generate

    @intrinsic
    def address_as_pointer(typing: Any, address: Any) -> Any:
        """An address as void*, for carray."""

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.inttoptr(args[0], cgutils.voidptr_t)

        return types.voidptr(types.int64), generate
