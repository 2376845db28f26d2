"""What a torture program asks of its compiler, in DejaGnu's words."""

from __future__ import annotations

import pytest

from firmware.conformance.torture.directives import recipe, selects


def test_options_come_in_the_order_in_which_they_are_asked_for() -> None:
    text = '/* { dg-options "-fwrapv -fno-inline" } */\n/* { dg-additional-options "-fno-common" } */'
    assert recipe(text).options == ("-fwrapv", "-fno-inline", "-fno-common")


def test_options_replace_those_asked_for_before() -> None:
    assert recipe('/* { dg-options "-O2" } */\n/* { dg-options { "-fwrapv" } } */').options == ("-fwrapv",)


@pytest.mark.parametrize(
    ("selector", "mine"),
    [
        ("arm*-*-*", True),
        ("x86_64-*-* i?86-*-*", False),
        ("powerpc-*-eabi*", False),
        ("*-*-*", True),
        ("fpic", True),
        ("newlib_nano_io", False),
        ("{ ! signal }", False),
        ("{ ! { i?86-*-* x86_64-*-* } }", True),
        ("{ { i?86-*-* x86_64-*-* } && ia32 }", False),
        ("{ arm*-*-* || ia32 }", True),
    ],
)
def test_a_selector_names_this_target_or_not(selector: str, mine: bool) -> None:
    assert selects(selector) is mine


def test_options_for_another_target_are_left_out() -> None:
    assert recipe('{ dg-additional-options "-mno-stv" { target i?86-*-* x86_64-*-* } }').options == ()
    assert recipe('{ dg-additional-options "-fpic" { target fpic } }').options == ("-fpic",)


def test_a_program_for_another_target_is_not_built() -> None:
    assert "not for this target" in recipe('{ dg-skip-if "" { ! { i?86-*-* x86_64-*-* } } }').lacks
    assert recipe('{ dg-skip-if "requires io" { freestanding } }').lacks == ""


def test_a_program_skipped_at_some_options_only_is_built() -> None:
    assert recipe('{ dg-skip-if "requires frame pointers" { *-*-* } "-fomit-frame-pointer" "" }').lacks == ""


def test_what_the_board_lacks_is_said() -> None:
    assert recipe("{ dg-require-effective-target int128 }").lacks == "needs 128-bit integers"
    assert recipe("{ dg-require-effective-target int32plus }").lacks == ""
