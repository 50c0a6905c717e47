"""Write the OpenAPI document: `python -m local.contract FILE`."""

import sys
from pathlib import Path

from local.functions import load_all
from shared.http.openapi import document, written


def main(path: str) -> None:
    """Write the document of all declared endpoints to a file."""
    Path(path).write_bytes(written(document([function.group for function in load_all()])))


if __name__ == "__main__":
    main(*sys.argv[1:])
