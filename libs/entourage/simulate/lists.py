"""Read the lists that ship beside this module, as plain values.

in: YAML under simulate/tables and simulate/stock ▶ out: dictionaries. Read by `importlib`, so that a zip serves as
well.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import yaml


@cache
def read(folder: str, name: str) -> Any:
    """Return one YAML file of this package."""
    text = resources.files("entourage.simulate").joinpath(folder, name).read_text(encoding="utf-8")
    return yaml.safe_load(text)
