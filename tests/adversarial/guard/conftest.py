"""The partnership that these attacks are made on is the one of the table of decisions."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "spec" / "guard"))
