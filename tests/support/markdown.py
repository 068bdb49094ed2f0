"""Fenced code blocks and links of a Markdown page; text in, plain data out."""

import re
from dataclasses import dataclass

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>[\w-]*) *$")
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<target>[^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and the page's line on which the text starts."""

    language: str
    text: str
    line: int  # 1 is the first line of the page


def blocks(page: str) -> list[Block]:
    """Return the fenced blocks of a page in order; ValueError if one is not closed."""
    found = []
    lines = iter(enumerate(page.splitlines(), start=1))
    for number, line in lines:
        opening = _FENCE.match(line)
        if opening is None:
            continue
        inside = []
        for _, text in lines:
            if text.strip() == "```":
                break
            inside.append(text.removeprefix(opening["indent"]))
        else:
            raise ValueError(f"line {number}: the code block that starts here is never closed")
        body = "".join(f"{text}\n" for text in inside)
        found.append(Block(opening["language"], body, number + 1))
    return found


def links(page: str) -> list[str]:
    """Return the targets of the page's inline links, code blocks aside."""
    outside, inside_block = [], False
    for line in page.splitlines():
        if line.strip().startswith("```"):
            inside_block = not inside_block
        elif not inside_block:
            outside.append(line)
    return [match["target"] for match in _LINK.finditer("\n".join(outside))]


def anchors(page: str) -> set[str]:
    """Return the anchors of the page's headings, as code hosts derive them."""
    headings = re.findall(r"^#+ +(.+?) *$", page, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
