"""What a difference to the published builds is worth: two measurements that differ in one set of kernels."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.speedup.measure import INVOKE, Measurement
from benchmarks.validation import published, switched
from firmware import targets

GCC10 = "xgcc (GCC) 10.2.1 20210110"


def measurement(network: str, kernels: str, cycles: int) -> Measurement:
    elf = f"{network}-{kernels}.elf"
    return Measurement(
        elf,
        "",
        network,
        kernels,
        (),
        GCC10,
        "-mthumb -Os",
        None,
        INVOKE,
        cycles,
        cycles,
        None,
        216_000_000,
        None,
        (),
        (),
        1.0,
    )


def test_every_switch_is_a_pair_of_builds_that_can_be_named():
    options = targets.Options()
    for target in switched.wanted():
        assert targets.parse(target.name, options) == target
    for switch in switched.SWITCHES:
        assert switch.kernels in targets.TABLE_KERNELS
        assert switch.other in {*targets.KERNELS, *targets.SWITCHED} - set(targets.TABLE_KERNELS)


def test_a_switch_is_worth_the_difference_of_its_two_builds():
    as_it_is = measurement("published", "reference", 300_000_000)
    other = measurement("published", "reference_2020", 330_000_000)
    (worth,) = switched.worth([as_it_is, other])
    assert (worth.switch.what, worth.cycles, worth.other) == ("reference convolution", 300_000_000, 330_000_000)
    assert "+30.0 M (+10.0 %)" in switched.markdown([worth])


def test_a_switch_without_its_other_build_says_nothing():
    assert switched.worth([measurement("published", "reference", 300_000_000)]) == []
    assert switched.worth([measurement("resnet8", "reference_2020", 1), measurement("resnet8", "reference", 1)]) == []


def test_a_build_that_only_switches_is_no_row_of_the_table():
    assert switched.only(measurement("published", "cmsis_nn_called", 1))
    assert not switched.only(measurement("published", "cmsis_nn", 1))


def test_a_row_whose_compiler_is_absent_says_where_to_have_it():
    target = targets.parse("image_recognition_test-published-reference-gcc10-Os", targets.Options())
    absent = replace(target, compiler=replace(target.compiler, program="/nonexistent/xgcc"))
    assert "gcc10 -Os | not run | make toolchain-gcc10 compiles it |" in published._markdown([], [absent])
