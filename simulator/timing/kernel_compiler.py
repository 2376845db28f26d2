"""Compiles modules of kernels: numba turns each function into LLVM's language, and all of them together become one object.

Reference: numba 0.68's compiler passes and code libraries. numba by itself optimises and generates each function's code anew for all that
call it, which takes three times as long. Run by kernel_objects in a process of its own: `python -c ... MODULE...`, object on stdout.
"""
# mypy: disallow-untyped-decorators=False, disallow-subclassing-any=False, disallow-untyped-calls=False

from __future__ import annotations

import gc
import importlib
import sys
from collections.abc import Callable, Sequence
from typing import Any

import llvmlite.binding as llvm
from numba.core import ccallback, compiler, registry, sigutils
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler_machinery import FunctionPass, PassManager, register_pass
from numba.core.typed_passes import (
    AnnotateTypes,
    InlineOverloads,
    IRLegalization,
    NativeLowering,
    NoPythonBackend,
    NopythonTypeInference,
    PreLowerStripPhis,
)
from numba.core.untyped_passes import (
    DeadBranchPrune,
    FixupArgs,
    GenericRewrites,
    IRProcessing,
    ReconstructSSA,
    RewriteSemanticConstants,
    TranslateByteCode,
)

from simulator.object_code import object_of

# what numba counts references by: no array of a kernel is its own
NOBODY_COUNTS = "\n".join(
    f"define void @NRT_{name}(ptr %p) alwaysinline {{ ret void }}" for name in ("incref", "decref", "MemInfo_call_dtor")
)
KNOWN = ("llvm.", "memcpy", "memmove", "memset")  # what kernels may call
OPTIONS = {"error_model": "numpy"}  # no division by zero is looked for: it would be a fault of ours


class _Quiet:
    """numba's code generator, without what it does to functions that Python calls."""

    def __init__(self, generator: Any) -> None:
        self._generator = generator

    def __getattr__(self, name: str) -> Any:
        return getattr(self._generator, name)

    def set_env(self, name: str, environment: Any) -> None:
        """No kernel has an environment."""


class _Part(JITCodeLibrary):
    """A function's code before it is optimised, with what it calls."""

    @property
    def codegen(self) -> Any:
        return _Quiet(self._codegen)

    def finalize(self) -> None:
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int:
        return 0

    def add_llvm_module(self, module: Any) -> None:
        self._final_module.link_in(module)

    def collect(self, found: dict[Any, None]) -> None:
        """Itself and all that it calls."""
        if self in found:
            return
        found[self] = None
        for library in self._linking_libraries:
            if isinstance(library, _Part):
                library.collect(found)
            else:
                found[library] = None


@register_pass(mutates_CFG=False, analysis_only=False)
class _BeginPart(FunctionPass):
    _name = "begin_part"

    def __init__(self) -> None:
        FunctionPass.__init__(self)

    def run_pass(self, state: Any) -> bool:
        state.library = _Part(state.targetctx.codegen(), state.func_id.func_qualname)
        return True


class Pipeline(compiler.CompilerBase):
    """numba's passes that kernels need."""

    def define_pipelines(self) -> list[Any]:
        passes = PassManager("kernels")
        for each in (
            TranslateByteCode, FixupArgs, IRProcessing, _BeginPart, RewriteSemanticConstants, DeadBranchPrune, GenericRewrites,
            ReconstructSSA, DeadBranchPrune, NopythonTypeInference, PreLowerStripPhis, InlineOverloads, IRLegalization, AnnotateTypes,
            NativeLowering, NoPythonBackend,
        ):  # fmt: skip
            passes.add_pass(each, each.__name__)
        passes.finalize()
        return [passes]


_wanted: list[tuple[Callable[..., Any], str]] = []


def c_function(signature: str) -> Callable[[Callable[..., Any]], Any]:
    """Note a function that C calls; `compile_modules` compiles those of its modules."""

    def noted(function: Callable[..., Any]) -> Any:
        _wanted.append((function, signature))
        return function

    return noted


def compile_modules(names: Sequence[str]) -> bytes:
    """The object code of all c_functions of some modules, each under `module.name`."""
    for name in names:
        importlib.import_module(name)
    module = registry.cpu_target.target_context.codegen()._create_empty_module("kernels")
    whole = llvm.parse_assembly(f"{module}\n{NOBODY_COUNTS}")
    parts: dict[Any, None] = {}
    exported = {}
    for function, signature in _wanted:
        if function.__module__ in names:
            kind = sigutils.normalize_signature(signature)
            callback: Any = ccallback.CFunc(function, kind, {}, OPTIONS, pipeline_class=Pipeline)
            result = callback._compile_uncached()
            result.library.collect(parts)
            exported[result.fndesc.llvm_cfunc_wrapper_name] = f"{function.__module__}.{function.__name__}"
    for library in parts:
        part = library._final_module if isinstance(library, _Part) else library._get_module_for_linking()
        whole.link_in(part, preserve=True)
    for function in whole.functions:
        if function.name in exported:
            function.name = exported[function.name]
        elif not function.is_declaration:
            function.linkage = "internal"
    data = object_of(whole, level=3)
    foreign = [f.name for f in whole.functions if f.is_declaration and not f.name.startswith(KNOWN)]
    if foreign:
        raise ValueError(
            f"kernels would call {', '.join(sorted(foreign))}, which is numba's: something of them may raise"
        )
    return data


def main(names: Sequence[str]) -> int:
    """Write the object code of modules to standard output."""
    gc.disable()
    sys.stdout.buffer.write(compile_modules(names))
    return 0
