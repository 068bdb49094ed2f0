"""The reader of Markdown pages that the docs test stands on."""

import pytest

from tests.support.markdown import Block, anchors, blocks, links

PAGE = """# A title, with comma

See [the tutorial](tutorials/first.md#run-it) and ![a picture](x.png).

```python
print("[not](a-link)")
```

1. in a list

   ```output
   [not](a-link)
   ```
"""


def test_blocks_carry_language_text_and_line():
    assert blocks(PAGE) == [
        Block("python", 'print("[not](a-link)")\n', 6),
        Block("output", "[not](a-link)\n", 12),
    ]


def test_an_unclosed_block_is_an_error_naming_its_line():
    with pytest.raises(ValueError, match="line 3: the code block"):
        blocks("# title\n\n```python\nx = 1\n")


def test_links_are_found_outside_code_and_pictures():
    assert links(PAGE) == ["tutorials/first.md#run-it"]


def test_anchors_follow_the_headings():
    assert anchors(PAGE) == {"a-title-with-comma"}
