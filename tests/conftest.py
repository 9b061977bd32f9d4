"""What tests share: a cache of their own, so that no verdict of a disturbed engine is found by another run."""

import signal

import pytest


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    """The folder in which verdicts are kept while the test runs."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("DERIVE_CACHE", str(folder))
    return folder


@pytest.fixture
def heard():
    """Ctrl-C and hang-up end the processes a test starts, even where pytest was told to ignore them (`nohup`)."""
    usual = {signal.SIGINT: signal.default_int_handler, signal.SIGHUP: signal.SIG_DFL}
    before = {number: signal.signal(number, handler) for number, handler in usual.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
