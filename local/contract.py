"""Write the documents that follow from the declared endpoints: `python -m local.contract`."""

from local.functions import load_all
from local.gateway_document import template
from shared.http.openapi import document, written
from shared.settings import PROJECT

REFERENCE = PROJECT / "docs" / "openapi.json"
GATEWAY = PROJECT / "terraform" / "openapi.json.tftpl"


def main() -> None:
    """Write the API's reference, and the configuration of the gateway."""
    groups = [function.group for function in load_all()]
    REFERENCE.write_bytes(written(document(groups)))
    GATEWAY.write_bytes(template(groups))


if __name__ == "__main__":
    main()
