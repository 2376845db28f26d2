"""Words of memory by host address, for kernels: compiled they are single instructions, as plain Python they go through ctypes.

Reference: none. An array in a kernel costs its bookkeeping at every call; an address does not.
"""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable
from typing import Any

import numba
from llvmlite import ir
from numba import cfunc, config, types
from numba.core import cgutils
from numba.extending import intrinsic


def njit(function: Callable[..., Any] | None = None, *, forceinline: bool = False) -> Any:
    """numba's, for kernels that only kernels call: what Python and C would call them by takes as long to compile as they do."""
    decorate = numba.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, forceinline=forceinline)
    return decorate if function is None else decorate(function)


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

    def call_kernel(function: int, a: int, b: int, c: int, d: int) -> int:
        """Call the kernel `int64 f(int64, int64, int64, int64)` at an address."""
        return int(ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * 4)(function)(a, b, c, d))

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
        """A function that C can call, by its numba signature; compiled without Python's collector, which takes a tenth of the time."""

        def compiled(function: Callable[..., Any]) -> Any:
            collects = gc.isenabled()
            gc.disable()
            try:
                return cfunc(signature, cache=True)(function)
            finally:
                if collects:
                    gc.enable()

        return compiled

    def _as_long(context: Any, builder: Any, value: Any, kind: Any) -> Any:
        return context.cast(builder, value, kind, types.int64)

    @intrinsic
    def signed(typing: Any, value: Any) -> Any:
        """A value of any width as an int64."""

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return _as_long(context, builder, args[0], signature.args[0])

        return types.int64(types.unliteral(value)), generate

    def _place(context: Any, builder: Any, signature: Any, args: Any, bits: int, scale: int) -> Any:
        """A pointer to what has so many bits at an address, its first argument, plus scale times its second."""
        address = _as_long(context, builder, args[0], signature.args[0])
        if scale:
            index = _as_long(context, builder, args[1], signature.args[1])
            address = builder.add(address, builder.mul(index, ir.Constant(ir.IntType(64), scale)))
        return builder.inttoptr(address, ir.IntType(bits).as_pointer())

    def _loader(bits: int, *, scale: int = 0, signed: bool = False) -> Any:
        def made(arguments: tuple[Any, ...]) -> Any:
            def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
                value = builder.load(_place(context, builder, signature, args, bits, scale), align=1)
                return (builder.sext if signed else builder.zext)(value, ir.IntType(64)) if bits < 64 else value

            return types.int64(*map(types.unliteral, arguments)), generate

        if scale:
            return intrinsic(lambda typing, base, index: made((base, index)))
        return intrinsic(lambda typing, address: made((address,)))

    def _storer(bits: int, *, scale: int = 0) -> Any:
        def made(arguments: tuple[Any, ...]) -> Any:
            def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
                value = _as_long(context, builder, args[-1], signature.args[-1])
                value = builder.trunc(value, ir.IntType(bits)) if bits < 64 else value
                builder.store(value, _place(context, builder, signature, args, bits, scale), align=1)
                return context.get_dummy_value()

            return types.none(*map(types.unliteral, arguments)), generate

        if scale:
            return intrinsic(lambda typing, base, index, value: made((base, index, value)))
        return intrinsic(lambda typing, address, value: made((address, value)))

    get_byte, get_half, get_word = _loader(8), _loader(16), _loader(32)
    get, get_int32 = _loader(64, scale=8), _loader(32, scale=4, signed=True)
    put_byte, put_word, put = _storer(8), _storer(32), _storer(64, scale=8)

    @intrinsic
    def call(typing: Any, function: Any, argument: Any) -> Any:
        """Call the C function `int f(void*)` at an address."""

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            kind = ir.FunctionType(ir.IntType(32), [cgutils.voidptr_t])
            target = builder.inttoptr(args[0], kind.as_pointer())
            return builder.sext(builder.call(target, [builder.inttoptr(args[1], cgutils.voidptr_t)]), ir.IntType(64))

        return types.int64(types.int64, types.int64), generate

    @intrinsic
    def call_kernel(typing: Any, function: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
        """Call the kernel `int64 f(int64, int64, int64, int64)` at an address."""

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            long = ir.IntType(64)
            target, *values = (
                _as_long(context, builder, value, kind) for value, kind in zip(args, signature.args, strict=True)
            )
            kind = ir.FunctionType(long, [long] * 4)
            return builder.call(builder.inttoptr(target, kind.as_pointer()), values)

        return types.int64(*map(types.unliteral, (function, a, b, c, d))), generate

    @intrinsic
    def address_as_pointer(typing: Any, address: Any) -> Any:
        """An address as void*, for carray."""

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.inttoptr(args[0], cgutils.voidptr_t)

        return types.voidptr(types.int64), generate
