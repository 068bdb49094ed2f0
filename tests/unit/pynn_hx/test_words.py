"""``pynn-hx words``: what it prints, where, and its exit status.

Oracle: addresses and words of the vendor's tests; errors are one line on standard error.
"""

import contextlib
import io
import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_protocol import ChipConfig
from firmware_protocol.catalogue import CONTAINERS
from firmware_protocol.inspector.places import described
from pynn_hx import words
from tests.support.markdown import blocks

ROOT = Path(__file__).parents[3]
DRIVER = ("--at", '{"block": "bottom", "idx": 42}', "--fields", '{"row_mode_top": "excitatory"}')


def run(capsys, *arguments):
    """Exit status, lines of standard output, lines of standard error."""
    status = words.main(arguments)
    captured = capsys.readouterr()
    return status, captured.out.splitlines(), captured.err.splitlines()


def test_encode_prints_an_address_and_a_word_a_line(capsys):
    assert run(capsys, "encode", "SynapseDriverConfig", *DRIVER) == (
        0,
        ["0x001184a8 0x00003e00", "0x001184a9 0x00003f20", "0x001184aa 0x00000040"],
        [],
    )


def test_encode_prints_what_has_no_word_and_what_is_wider(capsys):
    status, out, _ = run(capsys, "encode", "I2CTempRegister read")
    assert (status, out) == (0, ["w:0x88007848 0x00000000", "r:0x88007848", "r:0x880078c8"])
    status, out, _ = run(capsys, "encode", "ut:system.Loopback halt")
    assert (status, out) == (0, ["to_fpga 0x0a00000000000000"])
    status, out, _ = run(capsys, "encode", "OmnibusChipOverJTAG read", "--at", '{"address": 3}')
    assert out[:2] == [
        "jtag.Ins OMNIBUS_ADDRESS(5)",
        "jtag.Data payload 0x100000003 num_bits 0x21 keep 0x0",
    ]
    fields = '{"enable": [1, 1, 0, 0], "value": {"0": 12}}'
    at = '{"generator": 0}'
    status, out, _ = run(
        capsys, "encode", "VectorGeneratorFIFOWord", "--at", at, "--fields", fields
    )
    assert (status, out) == (0, ["0x84000200 0x0c000000 enables 0xc"])


def test_a_coordinate_may_be_a_number(capsys):
    assert run(capsys, "encode", "PPUStatusRegister", "--at", "1")[1] == ["0x03a00001 0x00000000"]


def test_encode_prints_an_entry_that_check_takes(capsys, tmp_path):
    _, (line,), _ = run(capsys, "encode", "SynapseDriverConfig", *DRIVER, "--json")
    file = tmp_path / "words.json"
    file.write_text(f"[{line}]", encoding="utf-8")
    assert run(capsys, "check", str(file)) == (0, ["1 checked, 0 wrong, 0 not covered"], [])


def test_the_backend_is_taken(capsys):
    status, out, _ = run(capsys, "encode", "PLLClockOutputBlock", "--backend", "jtag_pll")
    assert (status, out) == (0, ["jtag_pll_register[4] 0x110d0101"])


def test_decode_prints_container_coordinate_and_fields(capsys):
    status, out, _ = run(capsys, "decode", "0x1184a9", "0x3f2e")
    assert (status, out) == (
        0,
        [
            "SynapseDriverConfig block=bottom idx=42 from word 1",
            "  recovery: 7",
            "  row_mode_bottom: disabled",
            "  row_mode_top: excitatory",
            "  hagen_dac_offset: 0",
        ],
    )


def test_decode_says_what_is_partial_and_what_means_nothing(capsys):
    assert run(capsys, "decode", "1708033", "0xcf")[1] == [
        "NeuronBackendConfig block=west idx=0 from word 1",
        "  partial: address_out, reset_holdoff, refractory_time "
        "(bits in words that were not given)",
    ]
    _, out, _ = run(capsys, "decode", "0x122000", "1")
    assert out == [
        "NeuronReset block=west idx=0",
        "  no fields: writing anything triggers it",
        "  word 0: bits 0x00000001 mean nothing",
    ]


def test_decode_prints_json(capsys):
    status, (line,), _ = run(capsys, "decode", "jtag_pll_register[4]", "286064897", "--json")
    (found,) = json.loads(line)
    assert (status, found["container"], found["coordinate"]) == (0, "PLLClockOutputBlock", {})
    assert found["fields"]["adpll"] == [0, 0, 1, 0]


def test_decode_names_messages(capsys):
    out = run(capsys, "decode", "to_fpga", "0x0a00000000000000", "0x0500000000000123")[1]
    assert out == ["system.Loopback halt", "timing.WaitUntil 0x123"]
    _, (line,), _ = run(capsys, "decode", "to_fpga", "0x0a00000000000000", "--json")
    assert json.loads(line) == ["system.Loopback halt"]


@pytest.mark.parametrize("name", CONTAINERS)
@given(data=st.data())
@settings(max_examples=2)
def test_decode_gives_back_what_encode_took(name, data):
    container = CONTAINERS[name]
    index = tuple(data.draw(st.integers(0, axis.size - 1)) for axis in container.axes)
    fields = {}
    for f in container.register.fields:
        value = st.integers(f.low, f.limit)
        n = f.entries
        fields[f.name] = data.draw(st.lists(value, min_size=n, max_size=n) if n else value)
    at = described(container, index)
    encoded = printed("encode", name, "--at", json.dumps(at), "--fields", json.dumps(fields))
    pairs = [line.split()[:2] for line in encoded.splitlines()]
    decoded = json.loads(printed("decode", pairs[0][0], *(word for _, word in pairs), "--json"))
    (mine,) = [one for one in decoded if one["container"] == name]
    assert mine["coordinate"] == at
    again = printed("encode", name, "--at", json.dumps(at), "--fields", json.dumps(mine["fields"]))
    assert again == encoded
    numbers = {k: v for k, v in fields.items() if not container.register.by_name[k].choices}
    assert {k: mine["fields"][k] for k in numbers} == numbers


def printed(*arguments):
    """Standard output of a command that must succeed."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert words.main(arguments) == 0
    return out.getvalue()


@pytest.fixture
def configurations(tmp_path):
    a, b = ChipConfig(), ChipConfig()
    b.neurons.leak_v_leak[3] = 400
    b.synapses.weight[0, 10, :] = 63
    paths = tmp_path / "a.cfg", tmp_path / "b.cfg"
    a.save(paths[0])
    b.save(paths[1])
    return [str(path) for path in paths]


def test_diff_tells_ranges_and_counts_words(capsys, configurations):
    assert run(capsys, "diff", *configurations) == (
        1,
        [
            "neurons.leak_v_leak[3]: 0 -> 400",
            "synapses.weight[0, 10, 0..255]: 0 -> 63 (256 elements)",
            "65 words differ",
        ],
        [],
    )


def test_diff_of_equal_files_is_silent(capsys, configurations):
    assert run(capsys, "diff", configurations[0], configurations[0]) == (0, ["0 words differ"], [])


def test_check_prints_a_line_per_mismatch_and_a_summary(capsys, tmp_path):
    entry = json.loads(printed("encode", "SynapseDriverConfig", *DRIVER, "--json"))
    wrong = {**entry, "words": [0x3E00, 0x3F20, 0x0041]}
    unknown = {**entry, "container": "Wafer"}
    file = tmp_path / "words.json"
    file.write_text(json.dumps([entry, wrong, unknown]), encoding="utf-8")
    assert run(capsys, "check", str(file)) == (
        1,
        [
            "entry 1 SynapseDriverConfig: word 2 at 0x001184aa: expected 0x00000041, "
            "ours 0x00000040 (select_target_voltages 1 there, 0 ours)",
            "entry 2 Wafer: not covered: no container is called 'Wafer'",
            "2 checked, 1 wrong, 1 not covered",
        ],
        [],
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "not JSON: "),
        (b"{}", "holds an object, not a list of entries"),
        (b"\xff\xfe", "not JSON: 'utf-8' codec"),
        (b"[" * 50_000, "nested too deeply"),
    ],
)
def test_a_damaged_file_is_one_line_and_status_2(capsys, tmp_path, content, message):
    file = tmp_path / "words.json"
    file.write_bytes(content)
    status, out, err = run(capsys, "check", str(file))
    assert (status, out) == (2, [])
    (line,) = err
    assert line.startswith(f"pynn-hx words check: {file}: {message}")


def test_names_that_cannot_be_printed_are_escaped(capsys, tmp_path):
    file = tmp_path / "words.json"
    entry = '{"container": "a\\ud800\\nb"}'
    file.write_text(f"[{entry}]", encoding="utf-8")
    status, out, _ = run(capsys, "check", str(file))
    assert (status, len(out)) == (1, 2)
    assert out[0].startswith(r"entry 0 a\ud800 b: malformed: it has no coordinate")


def test_a_file_without_entries_is_no_success(capsys, tmp_path):
    file = tmp_path / "words.json"
    file.write_text("[]", encoding="utf-8")
    status, out, (line,) = run(capsys, "check", str(file))
    assert (status, out) == (2, ["0 checked, 0 wrong, 0 not covered"])
    assert line.endswith("holds no entries, so nothing was checked")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("encode", "Wafer"), "no container is called 'Wafer'"),
        (("encode", "CADCConfig"), "does not say synram"),
        (("encode", "CADCConfig", "--at", "{"), "--at '{' is not JSON"),
        (("encode", "CADCConfig", "--at", "0", "--fields", "1"), "is no JSON object"),
        (("encode", "CADCConfig", "--at", "0", "--fields", '{"enable": 2}'), "outside 0..1"),
        (("decode", "0x13", "0"), "the nearest is SystimeSyncBase, at 0x00000001"),
        (("decode", "0x110404", "z"), "word 'z' is no number; write 105 or 0x69"),
        (("decode", "nowhere", "0"), "no register is at 'nowhere'"),
        (("diff", "nowhere.cfg", "nowhere.cfg"), "nowhere.cfg: No such file or directory"),
        (("check", "nowhere.json"), "nowhere.json: No such file or directory"),
        (("check", "."), ".: "),
    ],
)
def test_errors_are_one_line_and_status_2(capsys, arguments, message):
    status, out, (line,) = run(capsys, *arguments)
    assert (status, out) == (2, [])
    assert line.startswith(f"pynn-hx words {arguments[0]}: ") and message in line


def test_a_damaged_configuration_is_one_line(capsys, tmp_path, configurations):
    damaged = tmp_path / "c.cfg"
    damaged.write_bytes(Path(configurations[0]).read_bytes()[:200])
    status, _, (line,) = run(capsys, "diff", str(damaged), configurations[0])
    assert status == 2
    assert "damaged" in line


def test_a_reader_that_goes_away_is_no_traceback(configurations):
    command = [sys.executable, "-m", "pynn_hx.words", "diff", *configurations, "--all"]
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        command, stdout=writer, stderr=subprocess.PIPE, cwd=ROOT, text=True, check=False
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (2, "")


def sessions(page):
    """(command, lines that the page shows for it) of every command of its console blocks."""
    for block in blocks(page):
        if block.language == "console":
            for part in block.text.split("$ ")[1:]:
                command, *shown = part.splitlines()
                yield shlex.split(command), shown


def test_the_page_shows_what_the_commands_print(tmp_path, monkeypatch, capsys):
    page = (ROOT / "docs" / "how_to" / "inspect_words.md").read_text(encoding="utf-8")
    (python,) = [block.text for block in blocks(page) if block.language == "python"]
    (text,) = [block.text for block in blocks(page) if block.language == "text"]
    good = json.loads(text)
    (tmp_path / "my_words.json").write_text(
        json.dumps([good, good, good, {**good, "words": [good["words"][0] - 1]}]), encoding="utf-8"
    )
    golden = Path("tests", "oracle", "golden", "words.json")
    (tmp_path / golden).parent.mkdir(parents=True)
    shutil.copy(ROOT / golden, tmp_path / golden)
    monkeypatch.chdir(tmp_path)
    exec(python, {})
    for command, shown in sessions(page):
        assert command[:2] == ["pynn-hx", "words"]
        words.main(command[2:])
        captured = capsys.readouterr()
        assert (captured.out + captured.err).splitlines() == shown, command
