"""Where Debian's gcc-arm-none-eabi keeps the headers of newlib and libstdc++ for the Cortex-M7."""

import shutil
import subprocess
from functools import cache
from pathlib import Path

MACHINE = "-mcpu=cortex-m7 -mthumb -mfloat-abi=hard -mfpu=fpv5-sp-d16"


@cache
def library() -> tuple[Path, ...]:
    """libstdc++'s folders: all headers, those that describe the target, and the old ones. Empty without the compiler."""
    return tuple(folder for folder in _searched() if "c++" in folder.parts)


@cache
def newlib() -> tuple[Path, ...]:
    return tuple(folder for folder in _searched() if "c++" not in folder.parts and "gcc" not in folder.parts)


@cache
def _searched() -> tuple[Path, ...]:
    if shutil.which("arm-none-eabi-g++") is None:
        return ()
    command = ["arm-none-eabi-g++", *MACHINE.split(), "-E", "-v", "-x", "c++", "/dev/null"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    listed = text.partition("#include <...> search starts here:\n")[2].partition("End of search")[0]
    return tuple(Path(line.strip()).resolve() for line in listed.splitlines())
