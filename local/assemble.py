"""Put together what one function's image holds of this repository: `python -m local.assemble FUNCTION FOLDER`.

functions/Dockerfile calls this, so that a folder assembled without Docker holds the same.
"""

import compileall
import shutil
import sys
from pathlib import Path
from py_compile import PycInvalidationMode

from shared.settings import PROJECT


def assemble(function: str, folder: Path) -> None:
    """Make `folder`, with the function's own two files and the shared library, compiled."""
    source = PROJECT / "functions" / function
    if not (source / "main.py").is_file():
        sys.exit(f"There is no function {function!r} in {source.parent}.")
    folder.mkdir(parents=True)
    for name in ("main.py", "requirements.txt"):
        shutil.copyfile(source / name, folder / name)
    for module in (PROJECT / "shared").rglob("*.py"):
        copy = folder / module.relative_to(PROJECT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(module, copy)
    # Compiled by content: the times of files need not survive their way into an image, in which nothing changes.
    unchecked = PycInvalidationMode.UNCHECKED_HASH
    if not compileall.compile_dir(folder, quiet=1, invalidation_mode=unchecked):
        sys.exit(f"{folder} holds what does not compile.")


if __name__ == "__main__":
    assemble(sys.argv[1], Path(sys.argv[2]))
