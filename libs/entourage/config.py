"""Read parameters: conf/base.yaml, then the environment's file, then `--set`.

in: YAML files and key=value pairs ▶ out: `Config`, every parameter with a value of the type that base.yaml gives it.
"""

from __future__ import annotations

import dataclasses
import os
import pkgutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from entourage.errors import UsageError, nearest

ENVIRONMENTS = ("local", "yarn")


@dataclasses.dataclass(frozen=True)
class Config:
    """All parameters, by dotted key."""

    values: Mapping[str, Any]
    folder: Path

    def __getitem__(self, key: str) -> Any:
        """Return one parameter; a key that base.yaml lacks raises UsageError."""
        if key not in self.values:
            raise UsageError(f"config: unknown key '{key}'{nearest(key, self.values)}")
        return self.values[key]

    def section(self, name: str) -> dict[str, Any]:
        """Return the parameters under ``name.`` without that prefix."""
        prefix = f"{name}."
        return {key[len(prefix) :]: value for key, value in self.values.items() if key.startswith(prefix)}


def project_root() -> Path:
    """Return the checkout that holds conf/ and jobs/ (ENTOURAGE_HOME wins)."""
    named = os.environ.get("ENTOURAGE_HOME")
    return Path(named) if named else Path(__file__).resolve().parents[2]


def conf_folder() -> Path:
    """Return conf/ of the checkout, or the copy next to this file in a shipped archive."""
    folder = project_root() / "conf"
    shipped = Path(__file__).resolve().parent / "conf"
    return folder if (folder / "base.yaml").is_file() else shipped


def load(environment: str, assignments: Mapping[str, str]) -> Config:
    """Read the parameters of one environment.

    Args:
        environment: local or yarn.
        assignments: dotted key to value as typed, parsed as YAML.

    Raises:
        UsageError: unknown environment or keys, or values of another type; all problems at once.
    """
    if environment not in ENVIRONMENTS:
        raise UsageError(f"--env: '{environment}' is unknown{nearest(environment, ENVIRONMENTS)}; use local or yarn")
    folder = conf_folder()
    base = _flat(_read(folder, "base.yaml"))
    changes = _flat(_read(folder, f"{environment}.yaml"), known=base)
    typed = {key: _parse(key, text) for key, text in assignments.items()}
    problems = [
        problem
        for origin, layer in ((f"{environment}.yaml", changes), ("--set", typed))
        for key, value in layer.items()
        if (problem := _problem(origin, key, value, base))
    ]
    if problems:
        raise UsageError("config: " + "\n        ".join(problems))
    return Config(
        values={**base, **changes, **{key: _widen(base[key], value) for key, value in typed.items()}},
        folder=folder,
    )


def parse_assignments(pairs: list[str]) -> dict[str, str]:
    """Split ``key=value`` pairs as given to --set; raise UsageError on others."""
    wrong = [pair for pair in pairs if "=" not in pair or pair.startswith("=")]
    if wrong:
        raise UsageError(f"--set: {', '.join(wrong)} is not of the form key=value")
    return {key.strip(): value.strip() for key, value in (pair.split("=", 1) for pair in pairs)}


def read_text(folder: Path, name: str) -> str:
    """Read one file of conf/, from a folder or from inside a shipped zip."""
    path = folder / name
    if path.is_file():
        return path.read_text(encoding="utf-8")
    try:
        shipped = pkgutil.get_data("entourage", f"conf/{name}")
    except OSError:
        shipped = None
    if shipped is None:
        raise UsageError(f"{path}: no such file in the configuration; expected it beside base.yaml")
    return shipped.decode("utf-8")


def _read(folder: Path, name: str) -> dict[str, Any]:
    try:
        return yaml.safe_load(read_text(folder, name)) or {}
    except yaml.YAMLError as error:
        raise UsageError(f"{folder / name}: not valid YAML: {error}") from None


def _flat(tree: Mapping[str, Any], *, prefix: str = "", known: Mapping[str, Any] | None = None) -> dict[str, Any]:
    leaves: dict[str, Any] = {}
    for key, value in tree.items():
        dotted = f"{prefix}{key}"
        if isinstance(value, dict) and not (known and dotted in known):
            leaves |= _flat(value, prefix=f"{dotted}.", known=known)
        else:
            leaves[dotted] = value
    return leaves


def _parse(key: str, text: str) -> Any:
    try:
        return yaml.safe_load(text) if text else ""
    except yaml.YAMLError:
        raise UsageError(f"--set: {key}: '{text}' cannot be read as a value") from None


def _problem(origin: str, key: str, value: Any, base: Mapping[str, Any]) -> str | None:
    if key not in base:
        return f"{origin}: unknown key '{key}'{nearest(key, base)}"
    expected = base[key]
    widened = isinstance(expected, float) and isinstance(value, int) and not isinstance(value, bool)
    if type(value) is not type(expected) and not widened:
        return f"{origin}: {key}: found {value!r}, expected {type(expected).__name__} such as {expected!r}"
    return None


def _widen(expected: Any, value: Any) -> Any:
    return float(value) if isinstance(expected, float) else value
