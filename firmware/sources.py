"""Which files make up TFLM, CMSIS-NN, our kernels and the board support, and how each of them is compiled."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from firmware.fetch import CMSIS_NN, PACKAGES, ROOT, TENSORFLOW

FIRMWARE = ROOT / "firmware"
BOARD = FIRMWARE / "board"
TFLM = FIRMWARE / "tflm"
LITE = TENSORFLOW / "tensorflow" / "lite"
DOWNLOADS = LITE / "micro" / "tools" / "make" / "downloads"

PLATFORMS = ("stm32f746g_disco", "mps2_an500")

# conv2021 comes first: its one header stands before TFLM's of that name.
INCLUDES = (
    TFLM / "conv2021",
    TENSORFLOW,
    DOWNLOADS / "gemmlowp",
    DOWNLOADS / "flatbuffers" / "include",
    DOWNLOADS / "ruy",
)
CMSIS_INCLUDES = (CMSIS_NN / "cmsis_nn" / "Include", CMSIS_NN / "cmsis_core" / "Include")
OURS_INCLUDES = (TFLM, TFLM / "ours", TFLM / "cmsis_nn", BOARD)

# Without NDEBUG the reference int8 ADD asserts on a zero point of -128.
DEFINES = "-DTF_LITE_STATIC_MEMORY -DTF_LITE_MCU_DEBUG_LOG -DNDEBUG"
WARNINGS = "-Wall -Wextra -Werror"

# TFLM's files whose registrations get the name of a reference kernel: firmware/tflm/kernels.h.
RENAMED = {
    "conv.cc": ("CONV_2D",),
    "depthwise_conv.cc": ("DEPTHWISE_CONV_2D",),
    "fully_connected.cc": ("FULLY_CONNECTED",),
    "pooling.cc": ("AVERAGE_POOL_2D", "MAX_POOL_2D"),
    "add.cc": ("ADD",),
    "mul.cc": ("MUL",),
    "softmax.cc": ("SOFTMAX",),
}
LEFT_OUT = {"debug_log.cc", "micro_optional_debug_tools.cc"}


@dataclass(frozen=True)
class Source:
    path: Path
    flags: str


def tflm() -> Iterator[Source]:
    """TFLM with its reference kernels."""
    files = [
        *sorted((LITE / "micro").glob("*.cc")),
        *sorted((LITE / "micro" / "memory_planner").glob("*.cc")),
        *sorted((LITE / "micro" / "kernels").glob("*.cc")),
        *sorted((LITE / "core" / "api").glob("*.cc")),
        LITE / "c" / "common.c",
        LITE / "kernels" / "internal" / "quantization_util.cc",
        LITE / "kernels" / "kernel_util.cc",
    ]
    for path in files:
        if path.name in LEFT_OUT or path.name.endswith("_test.cc"):
            continue
        kernel = path.parent.name == "kernels" and path.parent.parent.name == "micro"
        renamed = RENAMED.get(path.name, ()) if kernel else ()
        names = [f"-DRegister_{operator}=Reference_{operator}" for operator in renamed]
        yield Source(path, " ".join([DEFINES, _includes(*INCLUDES, PACKAGES), *names, "-w"]))


def cmsis_nn() -> Iterator[Source]:
    for path in sorted((CMSIS_NN / "cmsis_nn" / "Source").rglob("*.c")):
        yield Source(path, f"{_includes(*CMSIS_INCLUDES)} -w")


def glue() -> Iterator[Source]:
    """Our kernels and what our programs use of TFLM; kernels.cc, which says what is used, is not among them."""
    for path in sorted(TFLM.rglob("*.cc")):
        if path != TFLM / "kernels.cc":
            yield Source(path, program_flags())


def switched() -> Iterator[tuple[str, Source]]:
    """Kernels under other names that differ in one thing, each with a name of its own: targets.SWITCHED asks for them."""
    crate = _includes(*(folder for folder in INCLUDES if folder != TFLM / "conv2021"), PACKAGES)
    convolution = LITE / "micro" / "kernels" / "conv.cc"
    yield "crate", Source(convolution, f"{DEFINES} {crate} -DRegister_CONV_2D=Crate_CONV_2D -w")
    ours = program_flags()
    for operator in ("ADD", "MUL"):
        path = TFLM / "ours" / f"{operator.lower()}.cc"
        yield "called", Source(path, f"{ours} -DFast_{operator}=Called_{operator} -DOURS_INLINE=")
    doubling = "-DOURS_DOUBLING=arm_nn_doubling_high_mult"
    yield "saturating", Source(TFLM / "ours" / "add.cc", f"{ours} -DFast_ADD=Saturating_ADD {doubling}")


def board(platform: str) -> Iterator[Source]:
    for folder in (BOARD, BOARD / platform):
        for path in sorted((*folder.glob("*.c"), *folder.glob("*.cc"), *folder.glob("*.S"))):
            yield Source(path, f"{_includes(BOARD, BOARD / platform)} {WARNINGS}")


def program(folder: Path, platform: str, macros: str) -> Iterator[Source]:
    """A program's C++ with TFLM's headers and `macros`, its C with the board's."""
    for path in sorted(folder.glob("*.cc")):
        yield Source(path, macros)
    for path in sorted(folder.glob("*.c")):
        yield Source(path, f"{_includes(folder, BOARD, BOARD / platform)} {WARNINGS}")


def linker_scripts(platform: str) -> tuple[Path, Path]:
    """The script, and the one that it includes."""
    return BOARD / platform / "link.ld", BOARD / "sections.ld"


def program_flags() -> str:
    """For our own C++ that includes TFLM's headers."""
    ours = " ".join(f"-I{_relative(folder)}" for folder in OURS_INCLUDES)
    theirs = " ".join(f"-isystem {_relative(folder)}" for folder in (*INCLUDES, PACKAGES, *CMSIS_INCLUDES))
    return f"{DEFINES} {ours} {theirs} {WARNINGS}"


def _includes(*folders: Path) -> str:
    return " ".join(f"-I{_relative(folder)}" for folder in folders)


def _relative(path: Path) -> Path:
    return path.relative_to(ROOT)
