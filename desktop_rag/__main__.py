"""``python -m desktop_rag`` is the console script."""

from __future__ import annotations

import sys

from desktop_rag.cli.main import main

sys.exit(main())
