"""Injected configuration and readout.

Oracle: the emulator's event counters count the events that were sent, and its registers read back
as they were written; words by address are those of the vendor's tests.
"""

import numpy as np
import pytest

from emulator import Emulator
from firmware_protocol import Program, decode
from pynn_hx.injection import READ_SECTIONS, SECTIONS, InjectedConfiguration, InjectedReadout
from pynn_hx.vendor import hal, halco, lola, sta
from tests.support import emulated


def counting():
    """The configuration of the vendor's example of crossbar counters."""
    config = hal.CrossbarOutputConfig()
    for coordinate in halco.iter_all(halco.CrossbarOutputOnDLS):
        config.enable_event_counter[coordinate] = True
    return {halco.CrossbarOutputConfigOnDLS(): config}


def counted_events(n):
    """Differences of the counters over a run in which `n` events go to bus 0."""
    injected = InjectedConfiguration(pre_realtime=counting())
    readout = InjectedReadout()
    for coordinate in halco.iter_all(halco.CrossbarOutputOnDLS):
        readout.pre_realtime.add(coordinate)
        readout.post_realtime.add(coordinate)
    chip = emulated.chip()
    emulated.close_crossbar(chip, keep_spikes=False)
    emulated.open_node(chip, 0, 8)
    chip.padi.enable_spl1 = 1
    program = Program()
    emulated.start_up(program)
    emulated.write_chip(program, chip)
    program.extend(injected.words("pre_realtime"))
    before = readout.ask("pre_realtime", program)
    program.setup_timer()
    program.events(np.arange(n) * 100 + 10, np.full(n, 1))
    program.wait(1000)
    after = readout.ask("post_realtime", program)
    program.halt()
    trace = decode(Emulator(chip_seed=0, run_seed=0).execute(program.words()))
    first, last = readout.decode(before, trace), readout.decode(after, trace)
    return {c: last[c].value - first[c].value for c in halco.iter_all(halco.CrossbarOutputOnDLS)}


def test_event_counters_are_switched_on_and_read_back():
    counts = counted_events(37)
    assert counts.pop(halco.CrossbarOutputOnDLS(0)) == 37
    assert set(counts.values()) == {0} and len(counts) == 11


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_is_a_dict_or_a_builder(section):
    as_dict, as_builder = InjectedConfiguration(), InjectedConfiguration()
    setattr(as_dict, section, counting())
    builder = sta.PlaybackProgramBuilder()
    for coordinate, container in counting().items():
        builder.write(coordinate, container)
    setattr(as_builder, section, builder)
    expected = Program()
    expected.write(1245184, 0xFFF0)
    assert as_dict.words(section) == as_builder.words(section) == expected
    assert as_dict.words(section) == expected  # as often as one likes
    assert len(InjectedConfiguration().words(section)) == 0


@pytest.mark.parametrize("section", READ_SECTIONS)
def test_every_section_of_a_readout_is_delivered(section):
    readout, program = InjectedReadout(**{section: {halco.CapMemCellOnDLS(5)}}), Program()
    readout.check()
    emulated.start_up(program)
    program.write(*hal.CapMemCell(77).encode(halco.CapMemCellOnDLS(5)))
    tickets = readout.ask(section, program)
    program.halt()
    trace = decode(Emulator(chip_seed=0, run_seed=0).execute(program.words()))
    assert readout.decode(tickets, trace) == {halco.CapMemCellOnDLS(5): hal.CapMemCell(77)}


def test_tickets_of_a_builder_and_of_a_moved_program_are_redeemed():
    builder = sta.PlaybackProgramBuilder()
    builder.write(halco.CapMemCellOnDLS(5), hal.CapMemCell(78))
    ticket = builder.read(halco.CapMemCellOnDLS(5))
    injected = InjectedConfiguration(post_realtime=builder)
    readout = InjectedReadout(post_realtime={halco.CapMemCellOnDLS(5)})
    part, program = injected.words("post_realtime"), Program()
    asked = readout.ask("post_realtime", part)
    emulated.start_up(program)
    program.read(0x140000)
    shift = program.extend(part)
    program.halt()
    trace = decode(Emulator(chip_seed=0, run_seed=0).execute(program.words()))
    injected.redeem("post_realtime", trace, shift)
    assert ticket.get() == hal.CapMemCell(78)
    assert readout.decode(asked, trace, shift) == {halco.CapMemCellOnDLS(5): hal.CapMemCell(78)}


def test_the_very_builder_of_inside_realtime_may_be_filled_later():
    builder = sta.AbsoluteTimePlaybackProgramBuilder()
    injected = InjectedConfiguration(inside_realtime=builder)
    assert len(injected.schedule()) == 0
    for step in range(3):
        row = lola.SynapseWeightRow()
        row.values[halco.SynapseOnSynapseRow(step)] = 63
        builder.write(
            hal.Timer.Value(step * int(hal.Timer.Value.fpga_clock_cycles_per_us) * 10),
            halco.SynapseRowOnDLS(
                halco.SynapseRowOnSynram(4), halco.SynramOnDLS.bottom
            ).toSynapseWeightRowOnDLS(),
            row,
        )
    assert injected.inside_realtime is builder
    program = Program()
    assert injected.schedule().add_to(program).planned.tolist() == [0, 1250, 2500]


def test_the_old_name_of_a_section_is_understood_and_others_are_not():
    injected = InjectedConfiguration()
    injected.pre_static_config = counting()
    assert injected.pre_non_realtime is injected.pre_static_config != {}
    with pytest.raises(AttributeError, match="no section 'before'; it has pre_non_realtime"):
        injected.before = {}
    with pytest.raises(AttributeError, match="no section 'inside_realtime'; it has pre_realtime"):
        InjectedReadout().inside_realtime = set()


WRONG = [
    ({"pre_realtime": 3}, r"pre_realtime: 3 is neither a dict .* nor a sta\.Playback"),
    (
        {"pre_realtime": {3: hal.CapMemCell(1)}},
        r"pre_realtime\[3\]: 3 is no coordinate; use one of halco",
    ),
    (
        {"post_realtime": {halco.SynramOnDLS(): 5}},
        r"post_realtime\[SynramOnDLS\(0\)\]: 5 is no con",
    ),
    (
        {"post_realtime": {halco.SynramOnDLS(): hal.CapMemCell(1)}},
        "CapMemCell belongs to halco.Cap",
    ),
    ({"inside_realtime": {}}, "inside_realtime: {} has no times"),
    ({"pre_realtime": sta.AbsoluteTimePlaybackProgramBuilder()}, "pre_realtime: <Absolute"),
]


@pytest.mark.parametrize(("sections", "message"), WRONG)
def test_what_does_not_belong_into_a_section_is_named(sections, message):
    with pytest.raises(TypeError, match=message):
        InjectedConfiguration(**sections)


def test_what_was_put_in_later_is_checked_when_it_is_used():
    injected, readout = InjectedConfiguration(), InjectedReadout()
    injected.pre_realtime[halco.SynramOnDLS()] = hal.CapMemCell(1)
    readout.post_realtime.add(halco.BackgroundSpikeSourceOnDLS(0))
    for use in (injected.check, lambda: injected.words("pre_realtime")):
        with pytest.raises(TypeError, match=r"pre_realtime\[SynramOnDLS\(0\)\]: CapMemCell"):
            use()
    for use in (readout.check, lambda: readout.ask("post_realtime", Program())):
        with pytest.raises(TypeError, match="post_realtime: BackgroundSpikeSource can only be wr"):
            use()
    with pytest.raises(TypeError, match="no set of coordinates"):
        InjectedReadout(pre_realtime="CapMemCell")
    with pytest.raises(TypeError, match="pre_realtime: 3 is no coordinate"):
        InjectedReadout(pre_realtime=[3])


def test_symbols_of_the_on_chip_processor_come_later():
    block = hal.PPUMemoryBlock(halco.PPUMemoryBlockSize(1))
    block.words = [hal.PPUMemoryWord(hal.PPUMemoryWord.Value(0x1234567))]
    symbols = {"test": {halco.HemisphereOnDLS.top: block}}
    with pytest.raises(NotImplementedError, match="not supported yet"):
        InjectedConfiguration(ppu_symbols=symbols)
    with pytest.raises(NotImplementedError, match="not supported yet"):
        InjectedReadout(ppu_symbols={"test"})
    readout = InjectedReadout()
    readout.ppu_symbols.add("test")
    with pytest.raises(NotImplementedError, match="leave ppu_symbols empty"):
        readout.check()
