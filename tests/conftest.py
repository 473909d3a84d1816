"""What holds for every test: the IR is verified after each pass, and nothing needs a screen."""

from __future__ import annotations

import os

os.environ["ASTGRAD_CHECK"] = "1"
os.environ["MPLBACKEND"] = "Agg"
