"""Tests of what only one of the engines does."""

import pytest

from tests.engines import CLUSTER_FILE

_no_cluster = pytest.mark.skipif(not CLUSTER_FILE, reason="FDB_CLUSTER_FILE names no cluster")

only_embedded = pytest.mark.parametrize("place", ["embedded"], indirect=True)
only_foundationdb = pytest.mark.parametrize("place", [pytest.param("foundationdb", marks=_no_cluster)], indirect=True)
