"""The lesson in ordinary PyTorch: the reference for the Rust side."""

import sys
from pathlib import Path

# The recorder, in a checkout and where the program unpacked both.
_root = Path(__file__).resolve().parent.parent
sys.path += [str(_root / place) for place in ("crates/parity/src/recorder", "recorder")]

import parity_recorder as record

__all__ = ["record"]
