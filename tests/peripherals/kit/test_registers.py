"""Register maps as data: what each access kind does, and which mistakes of a model are caught."""

from __future__ import annotations

import pytest

from peripherals.kit.registers import MapError, Peripheral, each, reg


class Example(Peripheral):
    registers = (
        reg(
            0x00,
            "KINDS",
            reset=0x0000_00F0,
            rw="RW[3:0]",
            r="R[7:4]",
            rc_w1="W1[11:8]",
            rc_w0="W0[15:12]",
            rs="S[19:16]",
            t="T[23:20]",
        ),
        reg(0x04, "DR", rc_r="NEW[8]", rw="DATA[7:0]"),
        reg(0x08, "CR", reset=0x2, rw="MODE[5:4] ON[1] GO[0]", w="CLEAR[31]", unmodelled="MODE ON"),
        reg(0x10, "CH", count=2, stride=8, first=1, rw="V[31:0]"),
    )

    def __init__(self) -> None:
        super().__init__("EXAMPLE")
        self.written: list[tuple[int, int]] = []

    def write_CH(self, index: int, value: int) -> None:
        self.written.append((index, value))
        self[f"CH{index + 1}"] = value

    def read_CH(self, index: int) -> int:
        return self[f"CH{index + 1}"] + index


class OnAhb(Example):
    lanes = True


def test_a_register_starts_at_its_reset_value_and_returns_to_it() -> None:
    example = Example()
    assert example.read(0x08, 4) == 0x2
    example.write(0x08, 4, 0x1)
    example.reset()
    assert example.read(0x08, 4) == 0x2


@pytest.mark.parametrize(
    ("stored", "written", "read"),
    [
        (0x0000_000A, 0x0000_0005, 0x0000_0005),  # rw
        (0x0000_00A0, 0x0000_0050, 0x0000_00A0),  # r
        (0x0000_0F00, 0x0000_0500, 0x0000_0A00),  # rc_w1
        (0x0000_F000, 0x0000_5000, 0x0000_5000),  # rc_w0
        (0x0001_0000, 0x0004_0000, 0x0005_0000),  # rs
        (0x0060_0000, 0x00C0_0000, 0x00A0_0000),  # t
        (0x0000_0000, 0xFF00_0000, 0x0000_0000),  # bits of no field
    ],
)
def test_a_write_does_what_the_access_kind_says(stored: int, written: int, read: int) -> None:
    example = Example()
    example["KINDS"] = stored
    example.write(0x00, 4, written)
    assert example.read(0x00, 4) == read


def test_reading_clears_an_rc_r_field_and_nothing_else() -> None:
    example = Example()
    example["DR"] = 0x155
    assert example.read(0x04, 4) == 0x155
    assert example.read(0x04, 4) == 0x055


def test_a_write_only_field_reads_as_zero() -> None:
    example = Example()
    example.write(0x08, 4, 0x8000_0001)
    assert example.read(0x08, 4) == 0x1


def test_numbered_registers_share_their_behaviour() -> None:
    example = Example()
    example.write(0x10, 4, 5)
    example.write(0x18, 4, 6)
    assert example.written == [(0, 5), (1, 6)]
    assert [example.read(0x10, 4), example.read(0x18, 4)] == [5, 7]


def test_narrow_reads_take_their_lanes() -> None:
    example = Example()
    example.write(0x10, 4, 0x4433_2211)
    assert example.read(0x12, 1) == 0x33
    assert example.read(0x12, 2) == 0x4433


def test_the_apb_bridge_copies_narrow_writes_over_the_word() -> None:
    example = Example()
    example.write(0x11, 1, 0xAB)
    example.write(0x1A, 2, 0x1234)
    assert example.written == [(0, 0xABAB_ABAB), (1, 0x1234_1234)]


def test_ahb_writes_lanes_alone() -> None:
    example = OnAhb()
    example["CH1"] = 0x4433_2211
    example.write(0x11, 1, 0xAB)
    assert example.written == [(0, 0x4433_AB11)]


def test_a_narrow_write_leaves_flags_in_other_lanes_alone() -> None:
    example = OnAhb()
    example["KINDS"] = 0x0065_FFF3
    example.write(0x00, 1, 0x5)
    assert example["KINDS"] == 0x0065_FFF5


def test_setting_a_field_without_behaviour_is_counted_and_told() -> None:
    example = Example()
    told: list[tuple[str, str, str]] = []
    example.on_unmodelled = lambda *what: told.append(what)
    example.write(0x08, 4, 0x12)
    example.write(0x08, 4, 0x13)  # GO has behaviour, ON is at its reset value
    assert example.unmodelled == {"CR.MODE": 2}
    assert told == [("EXAMPLE", "CR.MODE", "write")] * 2


def test_a_field_that_resets_to_one_counts_when_it_is_cleared() -> None:
    example = Example()
    example.write(0x08, 4, 0x0)
    assert example.unmodelled == {"CR.ON": 1}


def test_an_offset_without_a_register_reads_zero_and_is_counted() -> None:
    example = Example()
    assert example.read(0x3C, 4) == 0
    example.write(0x3D, 1, 1)
    assert example.unmodelled == {"+0x03c": 2}


def test_fields_are_read_and_written_by_name() -> None:
    example = Example()
    example["CR.MODE"] = 3
    assert example["CR"] == 0x32
    assert example["CR.MODE"] == 3
    assert example.pick("CR.MODE", 0x10) == 1
    with pytest.raises(KeyError):
        example["CR.NONE"]


def test_a_row_of_fields_is_written_short() -> None:
    assert each("OT", 3) == "OT0[0:0] OT1[1:1] OT2[2:2]"
    assert each("AFR", 2, width=4, first=8) == "AFR0[11:8] AFR1[15:12]"


def test_behaviour_of_no_register_is_refused() -> None:
    with pytest.raises(MapError, match=r"Wrong\.write_NONE"):

        class Wrong(Example):
            def write_NONE(self, value: int) -> None: ...


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("A[3:0] B[3]", "CR.B overlaps"),
        ("A[32]", "no bits 32:32"),
        ("A[2:5]", "no bits 2:5"),
        ("A(3)", "is no field"),
    ],
)
def test_a_map_that_contradicts_itself_is_refused(fields: str, message: str) -> None:
    with pytest.raises(MapError, match=message):
        reg(0x00, "CR", rw=fields)


def test_unmodelled_must_name_a_field() -> None:
    with pytest.raises(MapError, match="no field B"):
        reg(0x00, "CR", rw="A[0]", unmodelled="B")


def test_two_registers_at_one_offset_are_refused() -> None:
    with pytest.raises(MapError, match=r"cannot be at \+0x4"):

        class Twice(Peripheral):
            registers = (reg(0x04, "A"), reg(0x04, "B"))
