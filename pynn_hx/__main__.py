"""``python -m pynn_hx``: the same as the command ``pynn-hx``."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
