"""What every test needs: a cache of its own, so that no verdict of a disturbed engine is found by another run."""

import pytest


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    """The folder in which verdicts are kept while the test runs."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("DERIVE_CACHE", str(folder))
    return folder
