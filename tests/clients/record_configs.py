"""Record what MMEngine reads from each config that the installed libraries of its family ship.

Run it where the real MMEngine is installed:

    python tests/clients/record_configs.py mmpretrain mmseg mmdet

It writes a digest of each config to `config_digests.json`, or the class of the error with which
MMEngine itself refuses one.
"""

from __future__ import annotations

import json
import sys
import warnings
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from digest import digest

RECORD = Path(__file__).with_name("config_digests.json")


def find_configs(package: str) -> dict[str, Path]:
    """Return the Python configs of an installed library by `package::path`, in order."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(f"{package} is not installed")
    folder = Path(spec.submodule_search_locations[0], ".mim", "configs")
    files = sorted(folder.rglob("*.py"), key=lambda path: path.relative_to(folder).as_posix())
    return {f"{package}::{path.relative_to(folder).as_posix()}": path for path in files}


def main(packages: list[str]) -> None:
    """Record the configs of some libraries."""
    from mmengine.config import Config

    digests = {}
    for package in packages:
        for name, path in find_configs(package).items():
            try:
                digests[name] = digest(Config.fromfile(path, import_custom_modules=False))
            except Exception as error:  # noqa: BLE001  # whatever MMEngine raises is the result
                digests[name] = type(error).__name__
    lines = ",\n".join(f" {json.dumps(name)}: {json.dumps(digests[name])}" for name in digests)
    RECORD.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    print(f"{len(digests)} configs, read by MMEngine {version('mmengine')}")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(sys.argv[1:])
