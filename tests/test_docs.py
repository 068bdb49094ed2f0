"""The pages keep their promises: examples run and print what they show, commands and links exist.

Blocks of one page run in order in one namespace.  ```python runs; an ```output block right after
it is compared with what it printed (`...` stands for anything); ```pycon is a doctest; ```console
is not run, but every command in it must exist; ```text, ```toml and ```make are left alone.
"""

import contextlib
import doctest
import io
import re
import shlex

import pytest

from tests.support.markdown import anchors, blocks, links
from tests.support.sources import ROOT

PAGES = sorted(
    [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "CHANGELOG.md",
        *(ROOT / "docs").rglob("*.md"),
    ]
)
LANGUAGES = {"python", "output", "pycon", "console", "text", "toml", "make"}
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
# Commands that are not ours to check.
FOREIGN = {"git", "cd", "pip", "export", "source", "ls", "chmod", "mpirun"}


def run_page(page, name="page"):
    """Run the examples of `page`; return a message for each that does not do what it shows."""
    namespace = {"__name__": "__main__"}
    messages, printed = [], None
    for block in blocks(page):
        place = f"{name}, line {block.line}"
        if block.language not in LANGUAGES:
            messages.append(f"{place}: no rule for a block of language {block.language!r}")
        elif block.language == "python":
            printed = _run(block, name, namespace)
        elif block.language == "pycon":
            messages += _run_doctest(block, name, namespace)
        elif block.language == "output":
            if printed is None:
                messages.append(f"{place}: this output follows no python block")
            elif not _same(block.text, printed):
                messages.append(
                    f"{place}: the page shows\n{block.text}but this was printed:\n{printed}"
                )
            printed = None
    return messages


def _run(block, name, namespace):
    # Empty lines in front make a traceback name the line of the page.
    code = compile("\n" * (block.line - 1) + block.text, name, "exec")
    with contextlib.redirect_stdout(io.StringIO()) as stdout:
        exec(code, namespace)
    return stdout.getvalue()


def _run_doctest(block, name, namespace):
    report = io.StringIO()
    test = doctest.DocTestParser().get_doctest(block.text, namespace, name, name, block.line - 1)
    runner = doctest.DocTestRunner(optionflags=OPTIONS, verbose=False)
    runner.run(test, out=report.write, clear_globs=False)
    namespace.update(test.globs)
    return [report.getvalue()] if report.getvalue() else []


def _same(shown, printed):
    return doctest.OutputChecker().check_output(
        shown.rstrip() + "\n", printed.rstrip() + "\n", OPTIONS
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_examples_run_and_print_what_the_page_shows(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    messages = run_page(page.read_text(encoding="utf-8"), str(page.relative_to(ROOT)))
    assert not messages, "\n".join(messages)


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ("```python\nprint(1)\n```\n\n```output\n2\n```\n", "page, line 6: the page shows"),
        ("```pycon\n>>> 1 + 1\n3\n```\n", "Expected:"),
        ("```output\n2\n```\n", "this output follows no python block"),
        ("```Python\nprint(1)\n```\n", "no rule for a block of language 'Python'"),
    ],
)
def test_a_wrong_example_is_found(page, message):
    (found,) = run_page(page)
    assert message in found


def test_a_right_page_passes_and_its_blocks_share_names():
    page = (
        "```python\nx = 2\nprint('x is', x)\n```\n```output\nx is ...\n```\n"
        "```pycon\n>>> x + 1\n3\n```\n"
    )
    assert run_page(page) == []


def commands(page):
    """Return the commands of a page's console blocks, as lists of words."""
    lines = [
        line
        for block in blocks(page)
        if block.language == "console"
        for line in block.text.splitlines()
        if line.startswith("$ ")
    ]
    return [shlex.split(line[2:], comments=True) for line in lines]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_in_the_page_exist(page):
    missing = [
        " ".join(words)
        for words in commands(page.read_text(encoding="utf-8"))
        if not _exists(words)
    ]
    assert missing == []


def _exists(words):
    while words and re.fullmatch(r"\w+=.*", words[0]):  # VARIABLE=value command
        words = words[1:]
    if not words or words[0] in FOREIGN:
        return True
    if words[0] == "make":
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))
        return all("=" in word or word in targets for word in words[1:])
    if words[0] == "pynn-hx":
        return _is_subcommand(words[1])
    scripts = [word for word in words if word.endswith(".py")]
    return words[0] in {"python", ".venv/bin/python"} and all(
        (ROOT / script).is_file() or script == "my_script.py" for script in scripts
    )


def _is_subcommand(word):
    from pynn_hx.cli import main

    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        with pytest.raises(SystemExit) as exit_status:
            main([word] if word.startswith("-") else [word, "--help"])
    return exit_status.value.code == 0


@pytest.mark.parametrize(
    "command",
    [
        "make no-such-target",
        "pynn-hx no-such-command",
        "python examples/no_such_script.py",
        "no-such-program",
    ],
)
def test_a_command_that_does_not_exist_is_found(command):
    assert not _exists(command.split())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    broken = []
    for link in links(text):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if "://" in link:
            continue
        if not target.exists() or (
            anchor and anchor not in anchors(target.read_text(encoding="utf-8"))
        ):
            broken.append(link)
    assert broken == []
