"""The steps from sources to one ELF, as edges of a ninja graph. Objects are shared by all that can share them."""

from collections.abc import Iterable
from pathlib import Path

from firmware import record, sources
from firmware.compilers import LINK, Compiler
from firmware.ninja import Graph, relative
from firmware.sources import TFLM, Source
from firmware.targets import KERNELS, OUTPUT, PROGRAMS, SWITCHED, Options, Target

OBJECTS = OUTPUT / "objects"


def program(graph: Graph, target: Target, options: Options) -> Path:
    """The edges of one program's ELF."""
    build = Build(graph, target.compiler, target.level)
    network = options.networks[target.network]
    macros = f"{sources.program_flags()} -DIMAGE_COUNT={options.images} -DARENA_BYTES={network.arena}"
    folder = build.folder / target.program / f"{target.network}-{options.images}"
    objects = [
        build.object(source, folder) for source in sources.program(PROGRAMS[target.program], options.platform, macros)
    ]
    objects.append(build.kernels(target.kernels))
    objects += [_contents(build, target, options), _record(build, target, options)]
    return build.elf(options.folder / f"{target.name}.elf", objects, options.platform)


class Build:
    """One compiler at one level."""

    def __init__(self, graph: Graph, compiler: Compiler, level: str) -> None:
        self.graph, self.compiler, self.level = graph, compiler, level
        self.folder = OBJECTS / f"{compiler.name}-{level}"

    def object(self, source: Source, folder: Path, implicit: Iterable[Path] = ()) -> Path:
        command = self.compiler.cxx if source.path.suffix == ".cc" else self.compiler.c
        return self.graph.edge(
            "compile",
            folder / f"{source.path.name}.o",
            [source.path],
            implicit=implicit,
            compiler=command(self.level),
            flags=source.flags,
            compiler_name=f"{self.compiler.name} -{self.level}",
        )

    def kernels(self, kernels: str) -> Path:
        flags = f"{sources.program_flags()} {(KERNELS | SWITCHED)[kernels]}"
        return self.object(Source(TFLM / "kernels.cc", flags), self.folder / "kernels" / kernels)

    def library(self) -> Path:
        objects = [
            self.object(source, self.folder / "tflm" / source.path.parent.name)
            for part in (sources.tflm, sources.cmsis_nn, sources.glue)
            for source in part()
        ]
        objects += [self.object(source, self.folder / "switched" / name) for name, source in sources.switched()]
        return self.graph.edge("archive", self.folder / "libtflm.a", objects)

    def board(self, platform: str) -> list[Path]:
        return [self.object(source, self.folder / platform) for source in sources.board(platform)]

    def elf(self, output: Path, objects: list[Path], platform: str) -> Path:
        scripts = sources.linker_scripts(platform)
        return self.graph.edge(
            "link",
            output,
            [*objects, *self.board(platform), self.library()],
            implicit=scripts,
            linker=f"{LINK} -T {relative(scripts[0])} -Wl,-Map={relative(output)}.map",
        )


def _contents(build: Build, target: Target, options: Options) -> Path:
    """The network and the images."""
    network = options.networks[target.network]
    macros = {"NETWORK": relative(network.model), "IMAGES": relative(network.inputs)}
    macros |= {"LABELS": " ".join(network.labels), "NAME": target.name}
    flags = " ".join(f"""'-D{key}="{value}"'""" for key, value in macros.items())
    folder = OBJECTS / "contents" / options.platform / target.name
    return build.object(Source(TFLM / "contents.S", flags), folder, (network.model, network.inputs))


def _record(build: Build, target: Target, options: Options) -> Path:
    facts = {
        "program": target.program,
        "network": target.network,
        "kernels": target.kernels,
        "platform": options.platform,
        **record.compiled(target.compiler, target.level),
        "convolution": "reference kernel with the loop order of 2021 (header of xmos-ai-tools 1.4.2)",
        "sources": "TFLM of tfmicro 0.1.0, CMSIS-NN 4.0.0 of bakenn 1.0.0",
    }
    folder = OBJECTS / "records" / options.platform / target.name
    note = folder / "note.txt"
    return build.object(record.source(note, facts), folder, (note,))
