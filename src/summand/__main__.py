"""``python -m summand``."""

import sys

from summand.cli import main

sys.exit(main())
