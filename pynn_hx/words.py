"""The command ``pynn-hx words``: registers and messages as numbers, by hand.

Parses arguments, reads files and prints; what words mean is :mod:`firmware_protocol.inspector`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from firmware_protocol import ChipConfig, inspector
from firmware_protocol.errors import ProtocolError

SUCCESS, DIFFERENT, FAILURE = 0, 1, 2
"""Exit statuses: all is well; the files differ or an entry is wrong; the question is."""


class _Failure(Exception):
    """The question cannot be answered; the message is one line."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the four commands below ``words``."""
    commands = parser.add_subparsers(dest="words_command", required=True)
    encode = commands.add_parser("encode", help="the addresses and words of a container's fields")
    encode.add_argument("container", help="by the vendor's name, such as SynapseDriverConfig")
    encode.add_argument("--at", default="{}", metavar="JSON", help="the coordinate")
    encode.add_argument("--fields", default="{}", metavar="JSON", help="the others keep defaults")
    encode.add_argument("--backend", help="jtag_pll: the PLL's registers over JTAG")
    encode.add_argument("--json", action="store_true", help="print an entry as `check` reads it")
    decode = commands.add_parser("decode", help="the fields of words at an address")
    decode.add_argument("address", help="12, 0xc0000, jtag_pll_register[4], or to_fpga")
    decode.add_argument("words", nargs="+", metavar="WORD", help="consecutive words, 105 or 0x69")
    decode.add_argument("--json", action="store_true", help="print as JSON")
    diff = commands.add_parser("diff", help="the fields in which two configurations differ")
    diff.add_argument("a", metavar="A.cfg", type=Path)
    diff.add_argument("b", metavar="B.cfg", type=Path)
    diff.add_argument("--all", action="store_true", help="every range, however many there are")
    check = commands.add_parser("check", help="compare a file of words with the tables")
    check.add_argument("file", metavar="FILE.json", type=Path)


def run(arguments: argparse.Namespace) -> int:
    """Run the command that was parsed; returns the exit status."""
    command = str(arguments.words_command)
    try:
        status = _COMMANDS[command](arguments)
        sys.stdout.flush()
        return status
    except (ProtocolError, _Failure) as error:
        _show(f"pynn-hx words {command}: {error}", sys.stderr)
    except OSError as error:
        if isinstance(error, BrokenPipeError):  # the reader has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return FAILURE
        place = f"{error.filename}: " if error.filename else ""
        _show(f"pynn-hx words {command}: {place}{error.strerror or error}", sys.stderr)
    return FAILURE


def _show(text: str, stream: TextIO) -> None:
    """Print text on one line, in characters that the stream has."""
    encoding = stream.encoding or "utf-8"
    line = " ".join(text.split()).encode(encoding, "backslashreplace").decode(encoding)
    print(line, file=stream)


# --- encode -------------------------------------------------------------------------------------


def _encode(arguments: argparse.Namespace) -> int:
    at = _json(arguments.at, "--at")
    fields = _json(arguments.fields, "--fields")
    if not isinstance(at, dict):
        at = {"enum": at}
    if not isinstance(fields, dict):
        raise _Failure(f'--fields {arguments.fields!r} is no JSON object; write {{"name": value}}')
    encoded = inspector.encode(arguments.container, at, fields, arguments.backend)
    if arguments.json:
        print(json.dumps(encoded.entry()))
    else:
        print("\n".join(_encoded_lines(encoded)))
    return SUCCESS


def _json(text: str, option: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _Failure(f"{option} {text!r} is not JSON: {error}") from None


def _encoded_lines(encoded: inspector.Encoded) -> list[str]:
    """Address and word; what is only read has no word."""
    words = iter(enumerate(encoded.words))
    lines = []
    for address in encoded.addresses:
        place = f"{address:#010x}" if isinstance(address, int) else address
        if place.startswith("r:"):
            lines.append(place)
            continue
        number, word = next(words)
        line = f"{place} {_word_text(word, wide=place == inspector.TO_FPGA)}"
        if encoded.byte_enables is not None:
            line += f" enables {encoded.byte_enables[number]:#x}"
        lines.append(line)
    return lines


def _word_text(word: object, *, wide: bool) -> str:
    if isinstance(word, Mapping):
        return " ".join(f"{key} {value:#x}" for key, value in word.items())
    if isinstance(word, int):
        return f"{word:#018x}" if wide else f"{word:#010x}"
    return str(word)


# --- decode -------------------------------------------------------------------------------------


def _decode(arguments: argparse.Namespace) -> int:
    words = [_number(text, "word") for text in arguments.words]
    if arguments.address == inspector.TO_FPGA:
        lines = inspector.decode_messages(words)
        print(json.dumps(lines) if arguments.json else "\n".join(lines))
        return SUCCESS
    number = inspector.parse_number(arguments.address)
    found = inspector.decode(arguments.address if number is None else number, words)
    if arguments.json:
        print(json.dumps([_as_json(one) for one in found]))
    else:
        print("\n".join(line for one in found for line in _decoded_lines(one)))
    return SUCCESS


def _number(text: str, what: str) -> int:
    number = inspector.parse_number(text)
    if number is None:
        raise _Failure(f"{what} {text!r} is no number; write 105 or 0x69")
    return number


def _as_json(one: inspector.Decoded) -> dict[str, object]:
    return {
        "container": one.container.name,
        "coordinate": one.coordinate,
        "word": one.word,
        "fields": one.fields,
        "partial": one.partial,
        "remarks": one.remarks,
    }


def _decoded_lines(one: inspector.Decoded) -> list[str]:
    coordinate = " ".join(f"{axis}={place}" for axis, place in one.coordinate.items())
    words = f"from word {one.word}" if one.word else ""
    lines = [" ".join(filter(None, (one.container.name, coordinate, words)))]
    lines += [f"  {name}: {_value_text(value)}" for name, value in one.fields.items()]
    if one.partial:
        lines.append(f"  partial: {', '.join(one.partial)} (bits in words that were not given)")
    if not one.container.register.fields:
        lines.append("  no fields: writing anything triggers it")
    return [*lines, *(f"  {remark}" for remark in one.remarks)]


def _value_text(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


# --- diff and check -----------------------------------------------------------------------------


def _diff(arguments: argparse.Namespace) -> int:
    a, b = ChipConfig.load(arguments.a), ChipConfig.load(arguments.b)
    for line in inspector.lines(a, b, every=arguments.all):
        print(line)
    n = inspector.n_words(a, b)
    print(f"{n} words differ")
    return DIFFERENT if n else SUCCESS


def _check(arguments: argparse.Namespace) -> int:
    path: Path = arguments.file
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise _Failure(f"{path}: not JSON: {error}") from None
    entries = inspector.entries_of(text, str(path))
    report = inspector.check(entries)
    for line in report.lines:
        _show(line, sys.stdout)
    print(report.summary)
    if not entries:
        raise _Failure(f"{path}: holds no entries, so nothing was checked")
    return SUCCESS if report.clean else DIFFERENT


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "encode": _encode,
    "decode": _decode,
    "diff": _diff,
    "check": _check,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Only these commands: ``python -m pynn_hx.words check FILE.json``."""
    parser = argparse.ArgumentParser(prog="pynn-hx words", description=__doc__.splitlines()[0])
    add_arguments(parser)
    return run(parser.parse_args(arguments))


if __name__ == "__main__":
    sys.exit(main())
