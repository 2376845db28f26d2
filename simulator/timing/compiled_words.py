"""words.py's names as numba compiles them, in the process that makes the kernels' object code.

Reference: numba's extension API. An array in a kernel costs its bookkeeping at every call; an address does not.
"""
# mypy: disallow-untyped-decorators=False

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
from llvmlite import ir
from numba import carray, types
from numba.core import cgutils
from numba.extending import intrinsic

from simulator.timing.kernel_compiler import Pipeline, c_function

__all__ = (
    "array_at", "c_function", "call", "call_kernel", "get", "get_byte", "get_half", "get_int32", "get_word", "njit", "put", "put_byte",
    "put_word", "signed",
)  # fmt: skip


def njit(function: Callable[..., Any] | None = None, *, forceinline: bool = False) -> Any:
    """numba's, for kernels that only kernels call. A division by zero is not looked for: it would be a fault of ours."""
    decorate = numba.njit(
        no_cpython_wrapper=True,
        no_cfunc_wrapper=True,
        forceinline=forceinline,
        error_model="numpy",
        pipeline_class=Pipeline,
    )
    return decorate if function is None else decorate(function)


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
def _pointer(typing: Any, address: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], cgutils.voidptr_t)

    return types.voidptr(types.int64), generate


@njit
def array_at(address: int, shape: Any, kind: Any) -> Any:
    """The C-ordered array at an address."""
    return carray(_pointer(address), shape, kind)
