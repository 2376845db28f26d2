"""The speed-up table on small ELFs that run: what is counted of them, what is remembered, and what goes wrong."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks import table
from benchmarks.speedup import store
from benchmarks.speedup.measure import INVOKE, RUN, Measurement, printed_cycles
from benchmarks.speedup.run import Job, Outcome, run
from benchmarks.speedup.subject import compiler_name, level, subject
from simulator import exit_codes
from simulator.firmware import load

ROOT = Path(__file__).resolve().parents[2]
COMPILER = "arm-none-eabi-gcc"
FLAGS = (
    "-mcpu=cortex-m7",
    "-mthumb",
    "-Os",
    "-g",
    "-nostdlib",
    "-ffreestanding",
    "-Wl,-n,--section-start=.vectors=0x08000000,-Ttext=0x08000100",
)
CODE = """
extern void Reset(void);
__attribute__((section(".vectors"), used)) const void *const vectors[] = {(void *)0x20010000, Reset};
static int semihosting(int operation, const void *argument) {
  register int r0 __asm__("r0") = operation;
  register const void *r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}
static void print(const char *text) { semihosting(4, text); }
static void leave(void) { semihosting(0x18, (void *)0x20026); }
__attribute__((noinline, used)) void INVOKE(int n) {
  for (volatile int i = 0; i < n; i++) continue;
}
void Reset(void) { BODY }
"""
TFLM = "_ZN6tflite16MicroInterpreter6InvokeEv"

pytestmark = [
    pytest.mark.jit,
    pytest.mark.skipif(shutil.which(COMPILER) is None, reason=f"there is no {COMPILER}"),
]


def build(folder: Path, body: str, invoke: str = TFLM, name: str = "small") -> Path:
    source, elf = folder / f"{name}.c", folder / f"{name}.elf"
    source.write_text(CODE.replace("INVOKE", invoke).replace("BODY", body.replace("INVOKE", invoke)))
    subprocess.run([COMPILER, *FLAGS, "-o", str(elf), str(source)], check=True, capture_output=True)
    return elf


PROGRAMS = {  # body, name of the function that may be Invoke
    "hundred": ("INVOKE(100); leave();", TFLM),
    "ten": ("INVOKE(10); leave();", TFLM),
    "twice": ('INVOKE(100); print("the class is 7\\n"); INVOKE(5000); leave();', TFLM),
    "whole": ("INVOKE(100); leave();", "work"),
    "endless": ("for (;;) INVOKE(100);", "work"),
    "silent": ('print("hm\\n"); leave();', TFLM),
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    folder = tmp_path_factory.mktemp("programs")
    jobs = [Job(build(folder, *program, name=name), 1, 100_000) for name, program in PROGRAMS.items()]
    ended, complete = run(jobs, folder=folder / "cache")
    assert complete
    return {outcome.job.elf.stem: outcome for outcome in ended}


def measured(outcomes: dict[str, Outcome], name: str) -> Measurement:
    measurement = outcomes[name].measurement
    assert measurement is not None, outcomes[name].error
    return measurement


def test_invoke_is_counted_from_entry_to_return_and_its_causes_sum_to_its_cycles(outcomes: dict[str, Outcome]) -> None:
    long, short = measured(outcomes, "hundred"), measured(outcomes, "ten")
    assert long.counted == INVOKE
    assert long.causes is not None and sum(long.causes.values()) == long.cycles
    assert long.instructions is not None and short.instructions is not None
    per_round = (long.instructions - short.instructions) / 90
    assert per_round == int(per_round) > 3
    assert long.cycles > short.cycles > 10


def test_only_the_first_invoke_is_counted_and_what_is_printed_after_it_is_told(outcomes: dict[str, Outcome]) -> None:
    assert measured(outcomes, "twice").instructions == measured(outcomes, "hundred").instructions
    assert measured(outcomes, "twice").lines == ("the class is 7",)


def test_without_invoke_the_whole_run_is_counted(outcomes: dict[str, Outcome]) -> None:
    whole = measured(outcomes, "whole")
    assert whole.counted == RUN
    assert whole.causes is not None and sum(whole.causes.values()) == whole.cycles


def test_an_elf_that_never_ends_or_never_calls_invoke_has_no_figure(outcomes: dict[str, Outcome]) -> None:
    endless, silent = outcomes["endless"], outcomes["silent"]
    assert (endless.status, silent.status) == (1, 1)
    assert re.match(r"endless\.elf has no Invoke\(\) and printed no cycles.* it printed nothing", endless.error or "")
    assert re.match(r"silent\.elf did not call Invoke\(\): .*its last line was: hm", silent.error or "")


def test_what_is_kept_comes_back_the_same(outcomes: dict[str, Outcome], tmp_path: Path) -> None:
    store.keep("k", measured(outcomes, "twice"), tmp_path)
    assert store.recall("k", tmp_path) == measured(outcomes, "twice")


def test_a_compiler_and_its_level_are_read_from_the_unit_that_holds_invoke(tmp_path: Path) -> None:
    source = tmp_path / "micro_interpreter.c"
    source.write_text(CODE.replace("INVOKE", TFLM).replace("BODY", "leave();"))
    elf = tmp_path / "told.elf"
    subprocess.run([COMPILER, *FLAGS, "-o", str(elf), str(source)], check=True, capture_output=True)
    told = subject(load(elf))
    version = subprocess.run([COMPILER, "-dumpfullversion"], capture_output=True, text=True, check=True).stdout.strip()
    assert compiler_name(told.compiler) == f"GCC {version}"
    assert level(told.flags) == "-Os"


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("arm-none-eabi-gcc (15:12.2.rel1-1) 12.2.1 20221205", "GCC 12.2.1"),
        ("xgcc (GCC) 10.2.1 20210110", "GCC 10.2.1"),
        ("GNU C++14 10.2.1 20210110 -mcpu=cortex-m7 -Os", "GCC 10.2.1"),
        ("Debian clang version 19.1.7 (3~deb12u1)", "clang 19.1.7"),
        ("Component: ARM Compiler 6.16 Tool: armclang [5dfeb700]", "armclang 6.16"),
        ("GCC: (GNU) 10.2.1 20210110; GCC: (15:12.2.rel1-1) 12.2.1 20221205", "GCC 10.2.1 and 12.2.1"),
        (None, "unknown compiler"),
    ],
)
def test_compilers_have_short_names(told: str | None, name: str) -> None:
    assert compiler_name(told) == name


def command(*words: str | Path, reports: Path) -> int:
    return table.main(["--reports", str(reports), *map(str, words)])


def test_the_command_writes_three_reports_and_the_second_time_remembers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    elf = build(tmp_path, "INVOKE(100); leave();")
    reports = tmp_path / "reports"
    assert command("--elf", elf, reports=reports) == exit_codes.OK
    first = json.loads((reports / "speedup.json").read_text())
    assert "from the last run" not in capsys.readouterr().out
    assert command("--elf", elf, reports=reports) == exit_codes.OK
    told = capsys.readouterr()
    assert "[1/1] small:" in told.err and "(from the last run)" in told.err
    assert "All figures are from the last run" in told.out
    second = json.loads((reports / "speedup.json").read_text())
    assert second["rows"][0]["cycles"] == first["rows"][0]["cycles"]
    assert {path.name for path in reports.iterdir()} == {"cache", "speedup.json", "speedup.md", "speedup.html"}
    assert command("--fresh", "--elf", elf, reports=reports) == exit_codes.OK
    assert "from the last run" not in capsys.readouterr().err


def test_another_elf_limit_or_number_of_images_is_not_remembered() -> None:
    keys = {store.key(*asked) for asked in (("a", 1, 5), ("b", 1, 5), ("a", 3, 5), ("a", 1, 6))}
    assert len(keys) == 4


def test_figures_are_forgotten_when_the_model_changes_and_not_when_the_command_line_does(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("simulator/cli", "peripherals", "benchmarks/speedup"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("measure", "subject"):
        (tmp_path / f"benchmarks/speedup/{name}.py").write_text("")
    monkeypatch.setattr(store, "ROOT", tmp_path)
    hashes = [store.simulator_hash.__wrapped__()]
    for name in ("simulator/cli/usage.py", "simulator/core.py", "peripherals/uart.py", "benchmarks/speedup/measure.py"):
        (tmp_path / name).write_text("changed")
        hashes.append(store.simulator_hash.__wrapped__())
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 4


def test_a_damaged_memory_is_measured_again(tmp_path: Path) -> None:
    (tmp_path / "k.json").write_text('{"elf": 3')
    assert store.recall("k", tmp_path) is None
    (tmp_path / "k.json").write_text('{"answers": [], "ours": [], "lines": []}')
    assert store.recall("k", tmp_path) is None


def test_files_that_are_no_firmware_are_one_sentence_each_and_the_other_rows_stand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = build(tmp_path, "INVOKE(100); leave();")
    text, short = tmp_path / "text.elf", tmp_path / "short.elf"
    text.write_text("hello\n")
    short.write_bytes(good.read_bytes()[:60])
    reports = tmp_path / "reports"
    wanted = (tmp_path / "none.elf", text, short, good)
    assert command("--elf", *wanted, reports=reports) == exit_codes.BAD_FIRMWARE
    told = capsys.readouterr().err
    for sentence in ("none.elf does not exist", "text.elf is a text file", "short.elf is cut short"):
        assert told.count(sentence) == 1
    assert "Traceback" not in told
    report = json.loads((reports / "speedup.json").read_text())
    assert [row["elf"] for row in report["rows"]] == [str(good)]
    assert len(report["errors"]) == 3


def _die(connection: object, job: Job, folder: Path) -> None:
    os.kill(os.getpid(), signal.SIGKILL if job.elf.stem == "dies" else signal.SIGTERM)


def test_a_process_that_dies_costs_one_row_and_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("benchmarks.speedup.run._child", _die)
    ended, complete = run([Job(tmp_path / "dies.elf", 1, 1), Job(tmp_path / "too.elf", 1, 1)], folder=tmp_path)
    assert complete
    assert {outcome.error for outcome in ended} == {
        "dies.elf: the process that ran it died (-9)",
        "too.elf: the process that ran it died (-15)",
    }
    assert {outcome.status for outcome in ended} == {exit_codes.OUR_BUG}


def test_no_figure_is_status_1_and_no_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    elf = build(tmp_path, "for (;;) INVOKE(100);", invoke="work")
    assert command("--limit", "50000", "--elf", elf, reports=tmp_path / "reports") == 1
    assert "printed nothing" in capsys.readouterr().err
    assert not (tmp_path / "reports" / "speedup.json").exists()


@pytest.mark.parametrize("limit", ["0", "-5", "many"])
def test_a_limit_that_is_no_number_of_cycles_is_bad_usage(limit: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        table.main([f"--limit={limit}"])
    assert stopped.value.code == exit_codes.USAGE
    assert "is no whole number of cycles above 0" in capsys.readouterr().err


def test_reports_that_cannot_be_written_are_a_sentence_before_anything_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert command("--elf", tmp_path / "none.elf", reports=tmp_path / "file") == 1
    assert "cannot be written to" in capsys.readouterr().err


def test_no_builds_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(table, "FIRMWARE", tmp_path)
    assert command(reports=tmp_path) == exit_codes.BAD_FIRMWARE
    assert "`make firmware` builds it" in capsys.readouterr().err


def test_as_a_file_it_is_the_same_command_and_ctrl_c_leaves_what_there_is(tmp_path: Path) -> None:
    quick = build(tmp_path, "INVOKE(100); leave();", name="quick")
    slow = build(tmp_path, "for (;;) INVOKE(100);", invoke="work", name="slow")
    words = ["--reports", str(tmp_path / "reports"), "--limit", "100000000000", "--elf", str(quick), str(slow)]
    line = [sys.executable, str(ROOT / "benchmarks" / "table.py"), *words]
    with subprocess.Popen(line, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert "quick" in process.stderr.readline()
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == exit_codes.INTERRUPTED
    assert time.monotonic() - started < 30
    assert "interrupted after 1 of 2 ELFs" in err
    assert "Traceback" not in err
    assert "One inference" in out
    report = json.loads((tmp_path / "reports" / "speedup.json").read_text())
    assert (report["complete"], len(report["rows"])) == (False, 1)


def test_which_print_is_the_firmwares_figure_of_its_first_inference() -> None:
    assert printed_cycles("layer 0 ADD 5000 cycles\ninvoke 0 37169600 cycles\n") == 37_169_600
    assert printed_cycles("boot took 500 cycles\nInference took 123456 ticks\n") == 123_456
    assert printed_cycles("boot took 500 cycles\n") is None
