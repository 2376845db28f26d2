"""GCC 10.2 for arm-none-eabi, compiled from Debian 11's source package: compilers only, no libraries.

`python -m firmware.toolchain.gcc10 --build` compiles it (five minutes on two cores) into the user's cache, where every
checkout finds it, and prints its folder; without --build it prints the folder or says that there is none. Binutils,
newlib and the libraries are those of Debian's gcc-arm-none-eabi, and so are the headers that describe the target to
libstdc++; GCC 10's own headers and its libstdc++'s are in the folder.
"""

import argparse
import fcntl
import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from firmware.toolchain import headers
from firmware.toolchain.debian import DebianError, unpack

PACKAGE, VERSION, OLDER_RELEASE = "gcc-10-source", "10.2.1-6", "bullseye"
LIBRARIES = ("libgmp-dev", "libmpfr-dev", "libmpc-dev")
PROGRAMS = ("cc1", "cc1plus", "xgcc", "xg++")
HOST_PROGRAMS = ("gcc", "g++", "make", "tar", "xz", "arm-none-eabi-as", "arm-none-eabi-ld")

# The release's tarball in the package has flex's and bison's outputs; it compiles as the package's patched tree does.
CONFIGURE = """
--target=arm-none-eabi --prefix=/nonexistent --enable-languages=c,c++ --with-multilib-list=rmprofile --with-newlib
--with-gnu-as --with-gnu-ld --disable-bootstrap --disable-decimal-float --disable-libcc1 --disable-lto --disable-nls
--disable-plugin --disable-shared --disable-threads --without-isl --without-zstd CFLAGS=-O1 CXXFLAGS=-O1
"""
# A limits.h that goes on to newlib's, and no manuals.
MAKE = "all-gcc LIMITS_H_TEST=true MAKEINFO=true"
LAYOUT = 1


class ToolchainError(Exception):
    """One sentence for people."""


def folder() -> Path:
    """Where the toolchain is, or would be."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return caches / "cortex-m7-simulator" / "toolchains" / f"gcc10-{_inputs()}"


def present() -> bool:
    return (folder() / "xgcc").exists()


def c_command() -> list[str]:
    """The C compiler and the flags that it always needs."""
    return [f"{folder()}/xgcc", f"-B{folder()}/", *_after(headers.newlib())]


def cxx_command() -> list[str]:
    """The C++ compiler and the flags that it always needs."""
    own = folder() / "c++"
    command = [f"{folder()}/xg++", f"-B{folder()}/", "-nostdinc++"]
    for place in (
        own,
        *(place for place in headers.library() if (place / "bits" / "c++config.h").exists()),
        own / "backward",
    ):
        command += ["-isystem", str(place)]
    return [*command, *_after(headers.newlib())]


def build() -> Path:
    """The toolchain's folder, compiled first where it is not there. Raises ToolchainError."""
    final = folder()
    final.parent.mkdir(parents=True, exist_ok=True)
    with (final.parent / "gcc10.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not present():
            _require(HOST_PROGRAMS)
            work = final.with_suffix(".building")
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir()
            _compile(work)
            _collect(work, work / "result")
            (work / "result").rename(final)
            shutil.rmtree(work)
    return final


def _inputs() -> str:
    recipe = [PACKAGE, VERSION, CONFIGURE, MAKE, str(LAYOUT), platform.machine(), _assembler()]
    return hashlib.sha256("\n".join(recipe).encode()).hexdigest()[:12]


@cache
def _assembler() -> str:
    """Its version: configure asks it what it can do."""
    if shutil.which("arm-none-eabi-as") is None:
        return ""
    text = subprocess.run(["arm-none-eabi-as", "--version"], capture_output=True, text=True, check=True).stdout
    return text.splitlines()[0]


def _require(programs: tuple[str, ...]) -> None:
    absent = [program for program in programs if shutil.which(program) is None]
    if absent:
        raise ToolchainError(f"to build GCC 10 there must be {', '.join(absent)} on the path")


def _compile(work: Path) -> None:
    debian = work / "debian"
    print(
        "gcc10: compiles GCC 10.2, the published table's compiler, once for all checkouts: about five minutes on two cores",
        file=sys.stderr,
    )
    try:
        unpack((f"{PACKAGE}={VERSION}", *LIBRARIES), OLDER_RELEASE, debian)
    except DebianError as error:
        raise ToolchainError(str(error)) from error
    tarball = next((debian / "usr" / "src").rglob("gcc-*.tar.xz"))
    (work / "gcc").mkdir()
    _run(["tar", "-xf", tarball, "-C", work / "gcc", "--strip-components=1", "--exclude=*/testsuite/g*"], work)
    build = work / "build"
    build.mkdir()
    print(f"gcc10: has the sources; the log is {work / 'log'}", file=sys.stderr)
    _run([work / "gcc" / "configure", *CONFIGURE.split(), *_configured_paths(debian / "usr")], build)
    _run(["nice", "make", f"-j{os.cpu_count()}", *MAKE.split()], build)


def _configured_paths(libraries: Path) -> list[str]:
    headers = libraries / "include"
    [gmp_header] = headers.rglob("gmp.h")
    [archive] = libraries.rglob("libgmp.a")
    found = {"gmp": gmp_header.parent, "mpfr": headers, "mpc": headers}
    options = [f"--with-{tool}={shutil.which(f'arm-none-eabi-{tool}')}" for tool in ("as", "ld")]
    for name, include in found.items():
        options += [f"--with-{name}-include={include}", f"--with-{name}-lib={archive.parent}"]
    return options


def _run(command: list[str | Path], where: Path) -> None:
    log = where.parent / "log" if where.name == "build" else where / "log"
    with log.open("a") as file:
        result = subprocess.run(command, cwd=where, stdout=file, stderr=subprocess.STDOUT)
    if result.returncode:
        raise ToolchainError(f"GCC 10 did not build: {shlex.join(map(str, command[:2]))} failed, see {log}")


def _collect(work: Path, result: Path) -> None:
    """The programs, stripped, with the headers where their -B option looks for them."""
    built = work / "build" / "gcc"
    result.mkdir()
    for program in PROGRAMS:
        subprocess.run(["strip", "-o", result / program, built / program], check=True)
    for part in ("include", "include-fixed"):
        shutil.copytree(built / part, result / part)
    _collect_library_headers(work / "gcc" / "libstdc++-v3", result / "c++")


def _collect_library_headers(library: Path, result: Path) -> None:
    """libstdc++'s headers as its `make install` lays them out: include/Makefile.am."""
    include, support = library / "include", library / "libsupc++"
    for flat in ("std", "c_global"):
        shutil.copytree(include / flat, result, dirs_exist_ok=True)
    for name in ("complex.h", "fenv.h", "math.h", "stdlib.h", "tgmath.h"):
        shutil.copy(include / "c_compatibility" / name, result)
    for name in ("backward", "bits", "debug", "decimal", "experimental", "ext", "parallel", "pstl", "tr1", "tr2"):
        shutil.copytree(include / name, result / name)
    shutil.copy(library / "config" / "allocator" / "new_allocator_base.h", result / "bits" / "c++allocator.h")
    for path in support.iterdir():
        if path.name in ("compare", "cxxabi.h", "exception", "initializer_list", "new", "typeinfo"):
            shutil.copy(path, result)
        elif path.suffix == ".h":
            shutil.copy(path, result / "bits")


def _after(folders: tuple[Path, ...]) -> list[str]:
    return [word for folder in folders for word in ("-idirafter", str(folder))]


def main() -> int:
    parser = argparse.ArgumentParser(prog="firmware.toolchain.gcc10", description=__doc__.splitlines()[0])
    parser.add_argument("--build", action="store_true", help="compile it where it is not there")
    parser.add_argument("--variables", action="store_true", help="print the commands as variables for make")
    arguments = parser.parse_args()
    try:
        place = build() if arguments.build else folder()
        if not present():
            raise ToolchainError("there is no GCC 10 yet: python -m firmware.toolchain.gcc10 --build compiles it")
        if arguments.variables:
            print(f"GCC10_CC := {shlex.join(c_command())}\nGCC10_CXX := {shlex.join(cxx_command())}")
        else:
            print(place)
    except ToolchainError as error:
        print(f"gcc10: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
