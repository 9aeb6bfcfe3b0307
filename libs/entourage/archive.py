"""Build dist/entourage.zip: the package and its conf/, for `spark-submit --py-files`.

in: this checkout ▶ out: one zip, the same bytes from the same files.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

from entourage.config import project_root

EPOCH = (2020, 1, 1, 0, 0, 0)


def build(root: Path) -> Path:
    """Zip libs/entourage and conf/ (as entourage/conf/); return the zip's path."""
    target = root / "dist" / "entourage.zip"
    target.parent.mkdir(exist_ok=True)
    package, conf = root / "libs" / "entourage", root / "conf"
    members = {f"entourage/{path.relative_to(package)}": path for path in package.rglob("*") if path.is_file()}
    members |= {f"entourage/conf/{path.relative_to(conf)}": path for path in conf.rglob("*") if path.is_file()}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in sorted(members.items()):
            if "__pycache__" not in name:
                archive.writestr(zipfile.ZipInfo(name, date_time=EPOCH), path.read_bytes(), zipfile.ZIP_DEFLATED)
    return target


if __name__ == "__main__":
    print(build(project_root()).relative_to(project_root()))
