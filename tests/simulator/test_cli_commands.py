"""boards, doctor, explain and diff; and that asking for help is quick."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from simulator.__main__ import main


@pytest.fixture
def say(capfd):
    """say(words...) -> (status, stdout)"""

    def start(*words: str) -> tuple[int, str]:
        status = main(list(words))
        return status, capfd.readouterr().out

    return start


def test_help_loads_neither_the_core_nor_the_compiler():
    code = (
        "import sys; from simulator.__main__ import main; status = main(['run', '--help']);"
        "heavy = {'numba', 'unicorn', 'numpy', 'elftools', 'rich', 'PIL'} & set(sys.modules); sys.exit(status or bool(heavy))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    assert "--expect-text" in run.stdout


def test_an_answer_that_finds_no_room_is_a_sentence():
    with open("/dev/full", "w") as full:  # noqa: PTH123
        run = subprocess.run(
            [sys.executable, "-m", "simulator", "explain", "CFSR"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (run.returncode, run.stderr) == (74, "error: stdout cannot be written: No space left on device\n")


def test_a_reader_that_has_enough_is_no_error():
    command = f"{sys.executable} -m simulator explain CFSR | head -c 1; exit ${{PIPESTATUS[0]}}"
    run = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert run.stdout == "C"
    assert run.returncode in (0, 141)  # 0 where all fitted into the pipe before it closed
    assert run.stderr == ""


@pytest.mark.parametrize("command", ["run", "boards", "doctor", "explain", "diff"])
def test_each_command_explains_itself(say, command):
    status, out = say(command, "--help")
    assert status == 0
    assert out.startswith(f"usage: python -m simulator {command}")


def test_boards_lists_the_memories(say):
    status, out = say("boards")
    assert status == 0
    assert out.startswith("stm32f746g-disco: ")
    assert "  0x0800_0000   1,024 KB  flash\n" in out
    assert "flash (ITCM), the same bytes as flash" in out


def test_doctor_finds_this_machine_healthy(say, monkeypatch, tmp_path):
    monkeypatch.delenv("NUMBA_DISABLE_JIT", raising=False)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    status, out = say("doctor")
    assert status == 0, out
    for name in ("python", "unicorn", "register file", "numba", "cache"):
        assert f"ok       {name}: " in out
    assert "kernels compile at the first run" in out


def test_doctor_names_what_is_broken(say, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file" / "cache"))
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("unicorn.__version__", "1.0.3")
    status, out = say("doctor")
    assert status == 1
    assert "BROKEN   unicorn: 1.0.3 is installed, and 2.1.4 is needed: pip install unicorn==2.1.4\n" in out
    assert "BROKEN   register file: unicorn 1.0.3 is installed" in out
    assert "BROKEN   numba: NUMBA_DISABLE_JIT=1 is set" in out
    assert "is not writable (Not a directory)" in out
    assert "missing  arm-none-eabi-gcc: only needed to build firmware" in out


def test_explain_a_fault(say):
    assert say("explain", "ibuserr") == (
        0,
        "IBUSERR: an instruction fetch where no memory answers\n  CFSR bit 8\n"
        "  look for: a jump through a bad function pointer, a return to a smashed stack, code in memory that is not there\n",
    )


@pytest.mark.parametrize("name", ["RCC_CR", "RCC->CR", "rcc.cr", "0x40023800", "0x4002_3802"])
def test_explain_a_register_by_any_of_its_names(say, name):
    status, out = say("explain", name)
    assert status == 0
    assert out.startswith("RCC_CR at 0x4002_3800: RCC + 0x00 on AHB1, 0x0000_0083 after reset\n")
    assert "  [15:8]   HSICAL           read only\n" in out
    assert "  [7:3]    HSITRIM          read, write, no behaviour here\n" in out


@pytest.mark.parametrize("name", ["CFSR", "SCB_CFSR", "SCB->CFSR", "0xE000ED28"])
def test_explain_a_fault_status_register(say, name):
    status, out = say("explain", name)
    assert status == 0
    assert out.startswith("CFSR at 0xe000_ed28")
    assert "UNDEFINSTR       read, clear by 1: an instruction that this core does not have" in out


def test_explain_a_registers_value(say):
    status, out = say("explain", "CFSR=0x8240")
    assert status == 0
    assert [line.split()[1] for line in out.splitlines()[1:]] == ["BFARVALID", "PRECISERR", "in"]
    assert "0x0000_0040 in reserved bits" in out
    assert "PPRE1            = 0x5" in say("explain", "RCC_CFGR=0x1400")[1]


def test_explain_resets_that_differ_between_instances(say):
    assert "0xa800_0000 after reset" in say("explain", "GPIOA_MODER")[1]
    assert "0x0000_0000 after reset" in say("explain", "GPIOC_MODER")[1]


def test_explain_a_name_that_many_share(say):
    assert say("explain", "BRR")[1].startswith("BRR is a register of USART2, ")


@pytest.mark.parametrize(
    ("what", "answer"),
    [
        ("USART1", "USART1 at 0x4001_1000, 0x400 bytes on APB2, interrupts 37\n"),
        ("HardFault", "HardFault: exception 3; HFSR says why:\n"),
        ("UsageFault_Handler", "UsageFault: exception 6; CFSR says why:\n"),
        ("PLLON", "RCC_CR at 0x4002_3800"),
        ("0x20010004", "0x2001_0004: SRAM1 + 0x4 (240 KB from 0x2001_0000)\n"),
        ("0x70000000", "0x7000_0000: nothing answers here"),
        ("0x40023bfc", "0x4002_3bfc: RCC + 0x3fc, where no register is known\n"),
    ],
)
def test_explain_other_things(say, what, answer):
    status, out = say("explain", what)
    assert status == 0
    assert out.startswith(answer)


def report(cycles: int, **causes: int) -> dict[str, object]:
    return {"schema_version": 1, "cycles": cycles, "instructions": 1000, "causes": causes}


@pytest.fixture
def files(tmp_path):
    def write(*contents: object) -> list[str]:
        paths = [tmp_path / f"{number}.json" for number in range(len(contents))]
        for path, content in zip(paths, contents, strict=True):
            path.write_text(json.dumps(content))
        return [str(path) for path in paths]

    return write


def test_diff_shows_numbers_and_percent(say, files):
    status, out = say("diff", *files(report(2000, issue=1500, load=500), report(2100, issue=1500, flash=600)))
    assert status == 0
    assert [line.split() for line in out.splitlines()[1:]] == [
        ["cycles", "2,000", "2,100", "+100", "(+5.00", "%)"],
        ["instructions", "1,000", "1,000", "="],
        ["issue", "1,500", "1,500", "="],
        ["flash", "0", "600", "+600"],
        ["load", "500", "0", "-500", "(-100.00", "%)"],
    ]


@pytest.mark.parametrize(("after", "limit", "status"), [(2100, "5", 0), (2101, "5%", 105), (2000, "0", 0), (1, "0", 0)])
def test_diff_fails_above_a_percentage(say, files, after, limit, status):
    got, out = say("diff", *files(report(2000), report(after)), "--fail-above", limit)
    assert got == status
    assert ("regression: cycles: 2,000 -> 2,101, +101 (+5.05 %)" in out) == (status == 105)


def test_diff_compares_the_rows_of_two_tables(say, files):
    rows = [
        {"network": "resnet8", "kernels": kernels, "compiler": "gcc12", "flags": "-Os"} for kernels in ("a", "b", "c")
    ]
    before = {"schema_version": 1, "rows": [{**rows[0], **report(100)}, {**rows[1], **report(100)}]}
    after = {"schema_version": 1, "rows": [{**rows[1], **report(150)}, {**rows[2], **report(1)}]}
    status, out = say("diff", *files(before, after), "--fail-above", "1")
    assert status == 105
    assert "only before" in next(line for line in out.splitlines() if line.startswith("resnet8 a gcc12 -Os cycles"))
    assert "only after" in next(line for line in out.splitlines() if line.startswith("resnet8 c gcc12 -Os cycles"))
    assert "regression: resnet8 b gcc12 -Os cycles: 100 -> 150, +50 (+50.00 %)" in out


@pytest.mark.parametrize("content", [[1], {"cycles": 1}, {"schema_version": 1}, "text"])
def test_diff_refuses_other_json(say, files, content):
    assert say("diff", *files(content, report(1)))[0] == 64


def test_diff_refuses_two_kinds(say, files):
    assert say("diff", *files({"schema_version": 1, "rows": []}, report(1)))[0] == 64
    assert say("diff", *files({"schema_version": 1, "rows": []}, {"schema_version": 1, "rows": []}))[0] == 64
