"""Object code of ours: made by LLVM for this host, kept on disk, loaded.

Reference: llvmlite's MCJIT.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import llvmlite.binding as llvm


@cache
def _initialise() -> None:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()


def target(level: int = 2) -> llvm.TargetMachine:
    """This host, with LLVM's level of optimisation for its code generator."""
    _initialise()
    return llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=level, jit=True
    )


def host() -> str:
    """What object code depends on beside its source."""
    return repr((llvm.llvm_version_info, llvm.get_host_cpu_name(), llvm.get_process_triple()))


def object_of(module: llvm.ModuleRef, *, level: int = 0) -> bytes:
    """A module's object code; with a level, the module is optimised as a whole first."""
    module.verify()
    machine = target(level or 2)
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=level))
    if level:
        passes = builder.getModulePassManager()
    else:
        passes = llvm.create_new_module_pass_manager()
        passes.add_sroa_pass()
        passes.add_instruction_combine_pass()
        passes.add_simplify_cfg_pass()
    passes.run(module, builder)
    return bytes(machine.emit_object(module))


class Loader:
    """Objects in this process, as long as it lives."""

    def __init__(self) -> None:
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target())  # which it owns from here on

    def load(self, data: bytes) -> None:
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(data))
        self._engine.finalize_object()

    def address(self, name: str) -> int:
        """Of a function; 0 where no object has it."""
        return int(self._engine.get_function_address(name))


def cache_folder(name: str) -> Path:
    """Where what is made of one kind is kept."""
    return Path(os.environ["NUMBA_CACHE_DIR"]) / name


def keep(path: Path, data: bytes) -> None:
    """Whole or not at all; where the disk does not take it, the next run compiles again."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}.part")
        part.write_bytes(data)
        part.replace(path)
    except OSError:
        return
