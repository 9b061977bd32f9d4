"""Verdicts that are kept: found again only for the same question, whole, by anyone, and never in the way."""

import multiprocessing
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import msgspec
import pytest

from derive.cli import run_command
from derive.language.document import chunks
from derive.selection import select
from verify import engine, store
from verify.report import decoded, encoded
from verify.run import Limits, Run
from verify.slot import Kept
from verify.store import NAME, Store
from verify.testimony import Settings

ROOT = Path(__file__).parent.parent
ENTRY = """
{name}:
  title: A formula
  group: tests
  inputs: {{x: "real[n]"}}
  define:
    L: sum(x[i]**2, i)
  claims:
    - D(L, x[k]) == 2*x[k]
    - D(L, x[k]) == {wrong}*x[k]
  source: none
"""
TEXT = ENTRY.format(name="first", wrong=3) + ENTRY.format(name="second", wrong=4)
SETTINGS = Settings(witnesses=("algebra", "exact"))


@pytest.fixture
def catalog(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(TEXT)
    return path


@pytest.fixture
def judged_names(monkeypatch):
    """The names of the formulas that workers took up."""
    names = []
    real = Run._jobs

    def recorded(run, slots):
        jobs = real(run, slots)
        names.extend(job.name for job in jobs)
        return jobs

    monkeypatch.setattr(Run, "_jobs", recorded)
    return names


@pytest.fixture
def kept(cache):
    """The store of the test, open; what it says is an error."""

    def tell(message):
        raise AssertionError(message)

    with Store(cache / NAME, tell).open() as opened:
        yield opened


def check(catalog, store=None, settings=SETTINGS):
    return encoded(Run(select([str(catalog)]), settings, store=store).judged(Limits(1, 60.0)))


def command(*arguments):
    return run_command(["check", *map(str, arguments), "--witness", "algebra,exact", "--jobs", "1"])


# ------------------------------------------------------------------------------ what is found again


def test_a_second_run_judges_nothing_and_says_the_same_to_the_byte(catalog, kept, judged_names):
    cold = check(catalog, kept)
    assert sorted(judged_names) == ["first", "second"]
    assert check(catalog, kept) == cold == check(catalog)
    assert sorted(judged_names) == ["first", "first", "second", "second"]  # the last run has no store


def test_an_entry_that_changed_is_judged_again_and_no_other(catalog, kept, judged_names):
    check(catalog, kept)
    judged_names.clear()
    catalog.write_text(TEXT.replace("== 4*x", "== 5*x"))
    assert b"5*x[k]" in check(catalog, kept)
    assert judged_names == ["second"]


def test_an_entry_that_moved_is_found_and_stands_at_its_new_place(catalog, kept, judged_names):
    check(catalog, kept)
    judged_names.clear()
    moved = catalog.with_name("renamed.yaml")
    moved.write_text("# a line more\n\n" + ENTRY.format(name="zeroth", wrong=7) + TEXT)
    warm = check(moved, kept)
    assert judged_names == ["zeroth"]
    assert warm == check(moved)


@pytest.mark.parametrize(
    "other", [{"seed": 1}, {"witnesses": ("exact",)}, {"draws": 7}, {"digits": 70}, {"printed_only": True}]
)
def test_other_settings_are_another_question(catalog, kept, other):
    key = kept.key_of(SETTINGS)
    changed = kept.key_of(replace(SETTINGS, **other))
    assert key("text", "") != changed("text", "")


@pytest.mark.parametrize("part", ["derive", "python", "processor", "sympy", "numpy", "python-flint"])
def test_another_version_of_anything_is_another_question(kept, monkeypatch, part):
    before = kept.key_of(SETTINGS)("text", "")
    own = engine.identity()
    monkeypatch.setattr(store, "identity", lambda *more: {**own, part: own[part] + "1"})
    assert kept.key_of(SETTINGS)("text", "") != before


def test_the_versions_of_the_libraries_compared_with_count_where_they_are_asked(kept):
    from derive.language.operators import operators

    own = engine.identity(("exact", "reference"))
    names = {"sklearn": "scikit-learn", "skimage": "scikit-image"}
    asked = {names.get(operator.library, operator.library) for operator in operators().values()}
    assert asked <= {*engine.LIBRARIES, *engine.REFERENCES}
    assert {names.get(o.library, o.library) for o in operators().values() if find_spec(o.library)} <= set(own)
    assert set(engine.identity(("exact",))) <= set(own)


def test_an_engine_that_was_edited_is_another(tmp_path, monkeypatch):
    package = tmp_path / "derive"
    package.mkdir()
    module = package / "module.py"
    module.write_text("x = 1")
    monkeypatch.setattr(engine.derive, "__path__", [str(package)])
    before = engine.source.__wrapped__()
    assert engine.source.__wrapped__() == before
    module.write_text("x = 2")
    assert engine.source.__wrapped__() != before


def test_what_was_lost_is_judged_again(catalog, kept, judged_names, monkeypatch):
    from verify import worker

    real = worker.judged
    monkeypatch.setattr(worker, "judged", lambda f, *a: time.sleep(60) if f.name == "second" else real(f, *a))
    with_loss = decoded(encoded(Run(select([str(catalog)]), SETTINGS, store=kept).judged(Limits(1, 0.7))))
    assert [claim.verdict for claim in with_loss.formulas[1].claims] == ["undecided"] * 2
    monkeypatch.setattr(worker, "judged", real)
    judged_names.clear()
    assert check(catalog, kept) == check(catalog)
    assert judged_names == ["second", "first", "second"] or judged_names == ["second", "second", "first"]


@pytest.mark.parametrize("failure", [MemoryError, ZeroDivisionError])
def test_a_witness_that_ran_out_of_memory_or_broke_leaves_nothing_behind(
    catalog, kept, judged_names, monkeypatch, failure
):
    from verify import exact

    def fail(*_):
        raise failure

    monkeypatch.setattr(exact, "testify", fail)
    check(catalog, kept)
    assert kept.state().rows == 0


def test_names_that_clash_are_refused_from_the_store_too(catalog, kept):
    catalog.write_text(TEXT + ENTRY.format(name="First", wrong=5))
    cold = check(catalog, kept)
    assert b"First is a name already, of the entry in line 2" in cold
    assert check(catalog, kept) == cold == check(catalog)


def test_entries_of_a_catalog_in_brackets_are_kept_each(tmp_path, kept, judged_names):
    fields = 'title: t, group: g, inputs: {x: real}, source: s, claims: ["x == %s"]'
    path = tmp_path / "brackets.yaml"
    path.write_text(f"{{a: {{{fields % 'x'}}},\n b: {{{fields % '2*x'}}}}}\n")
    cold = check(path, kept)
    assert sorted(judged_names) == ["a", "b"]
    judged_names.clear()
    assert check(path, kept) == cold
    assert judged_names == []
    assert check(path) == cold


def test_mistakes_are_told_each_time_in_the_same_words(catalog, kept):
    bad = ENTRY.format(name="third", wrong=3).replace("x[i]", "y[i]")
    catalog.write_text("broken: [\n" + TEXT + bad)
    cold = check(catalog, kept)
    assert b"mine.yaml:1:" in cold
    assert check(catalog, kept) == cold == check(catalog)


# ------------------------------------------------------------------------------- the same from workers


def test_what_workers_read_is_what_is_read_here():
    selection = select(["initialization", "dropout"])
    settings = Settings(witnesses=("algebra",))
    run = Run(selection, settings)
    assert run.formulas  # to ask for them reads them here
    assert run.judged(Limits(2, 60.0)) == Run(selection, settings).judged(Limits(2, 60.0))


# ---------------------------------------------------------------------------------- damaged and foreign


def rows(path):
    with sqlite3.connect(path) as database:
        found = database.execute("SELECT key, body, mark FROM verdicts").fetchall()
    database.close()
    return found


def change(path, statement, *values):
    with sqlite3.connect(path) as database:
        database.execute(statement, values)
    database.close()


@pytest.mark.parametrize(
    ("edit", "values"),
    [
        ("UPDATE verdicts SET body = replace(body, '\"refuted\"', '\"proved\"')", ()),
        ("UPDATE verdicts SET body = '{}'", ()),
        ("UPDATE verdicts SET body = 'no JSON'", ()),
        ("UPDATE verdicts SET body = x'00ff'", ()),
        ("UPDATE verdicts SET mark = NULL", ()),
        ("UPDATE verdicts SET body = NULL", ()),
    ],
)
def test_a_row_that_is_not_whole_is_not_believed(catalog, cache, capsys, edit, values):
    command(catalog, "--output-format", "json")
    cold = capsys.readouterr().out
    change(cache / NAME, edit, *values)
    command(catalog, "--output-format", "json")
    assert capsys.readouterr() == (cold, "")
    assert len(rows(cache / NAME)) == 2


def test_a_row_under_the_key_of_another_is_not_believed(catalog, cache, capsys):
    command(catalog, "--output-format", "json")
    cold = capsys.readouterr().out
    (_one, body, mark), (other, *_) = rows(cache / NAME)
    change(cache / NAME, "UPDATE verdicts SET body = ?, mark = ? WHERE key = ?", body, mark, other)
    command(catalog, "--output-format", "json")
    assert capsys.readouterr() == (cold, "")


def test_a_row_with_a_right_mark_and_a_wrong_form_is_not_believed(kept):
    body = '{"read": {"name": "x"}, "claims": [{"verdict": "proved"}]}'
    with kept._database:
        kept._database.execute("INSERT INTO verdicts VALUES ('k', ?, ?, 0)", (body, store._mark("k", body)))
    assert kept.find(["k"]) == {}


FOREIGN = {
    "text": b"hello, I am no database " * 100,
    "nothing but zeros": bytes(8192),
    "half a database": None,
    "a page of noise": None,
}


def spoil(path, kind):
    whole = path.read_bytes()
    if kind == "half a database":
        path.write_bytes(whole[: len(whole) // 2])
    elif kind == "a page of noise":
        path.write_bytes(whole[:4096] + bytes(range(256)) * ((len(whole) - 4096) // 256))
    else:
        path.write_bytes(FOREIGN[kind])


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_file_that_is_damaged_is_set_aside_and_the_run_goes_on(catalog, cache, capsys, kind):
    command(catalog, "--output-format", "json")
    cold = capsys.readouterr().out
    spoil(cache / NAME, kind)
    for _ in range(2):
        command(catalog, "--output-format", "json")
        out, err = capsys.readouterr()
        assert out == cold
    assert err == ""  # told once, then there is a new file
    assert len(list(cache.glob(f"{NAME}.aside-*"))) == 1
    assert len(rows(cache / NAME)) == 2


@pytest.mark.parametrize("kind", FOREIGN)
def test_setting_aside_is_told(catalog, cache, capsys, kind):
    command(catalog)
    spoil(cache / NAME, kind)
    capsys.readouterr()
    command(catalog)
    assert capsys.readouterr().err.count("cannot be read") == 1


def test_a_database_of_something_else_is_set_aside_unharmed(catalog, cache, capsys):
    with sqlite3.connect(cache / NAME) as other:
        other.execute("CREATE TABLE verdicts (key TEXT, mine TEXT)")
        other.execute("INSERT INTO verdicts VALUES ('a', 'precious')")
    other.close()
    command(catalog)
    assert "it is not of this program" in capsys.readouterr().err
    (aside,) = cache.glob(f"{NAME}.aside-*")
    with sqlite3.connect(aside) as other:
        assert other.execute("SELECT mine FROM verdicts").fetchall() == [("precious",)]
    other.close()


def test_a_store_of_another_version_is_set_aside(catalog, cache, capsys):
    command(catalog)
    change(cache / NAME, "PRAGMA user_version = 99")
    capsys.readouterr()
    command(catalog)
    assert "it has version 99" in capsys.readouterr().err


def test_a_damaged_file_that_another_run_has_open_stays(catalog, cache, capsys):
    command(catalog)
    with Store(cache / NAME, print).open():
        capsys.readouterr()
        (cache / NAME).write_bytes(b"no database any more " * 300)
        command(catalog)
        assert "another run has it open" in capsys.readouterr().err
    assert not list(cache.glob(f"{NAME}.aside-*"))


# ---------------------------------------------------------------------------- where nothing can be kept


def test_a_folder_that_cannot_be_made_is_told_once_and_the_run_goes_on(catalog, tmp_path, capsys, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("DERIVE_CACHE", str(tmp_path / "file" / "below"))
    assert command(catalog) == 1
    err = capsys.readouterr().err
    assert err.count("no verdicts are kept") == 1
    assert "Not a directory" in err


def test_a_folder_in_the_place_of_the_file_is_told_once(catalog, cache, capsys):
    (cache / NAME).mkdir()
    assert command(catalog) == 1
    assert capsys.readouterr().err.count("no verdicts are kept") == 1


def test_a_full_disk_is_told_once_and_the_run_goes_on(catalog, cache, capsys, monkeypatch):
    # sqlite's own limit on the size of a file fails as a full disk does
    real = Store._connect

    def small(self):
        real(self)
        (pages,) = self._database.execute("PRAGMA page_count").fetchone()
        self._database.execute(f"PRAGMA max_page_count = {pages}")

    monkeypatch.setattr(Store, "_connect", small)
    assert command(catalog) == 1
    err = capsys.readouterr().err
    assert err.count("no verdicts are kept") == 1
    assert "full" in err


def test_a_store_that_only_can_be_read_is_told_once(catalog, cache, capsys, monkeypatch):
    real = Store._connect

    def read_only(self):
        real(self)
        self._database.execute("PRAGMA query_only = 1")

    command(catalog)
    capsys.readouterr()
    catalog.write_text(TEXT.replace("== 4*x", "== 5*x") + ENTRY.format(name="third", wrong=5))
    monkeypatch.setattr(Store, "_connect", read_only)
    assert command(catalog) == 1
    assert capsys.readouterr().err.count("no verdicts are kept") == 1


# -------------------------------------------------------------------------------------- two at once


def write_rows(path, name, count):
    def tell(message):
        raise AssertionError(message)

    with Store(Path(path), tell).open() as opened:
        chunk = next(iter(chunks("a: {}", "f")))
        for number in range(count):
            opened.keep(f"{name}{number}", msgspec.convert({"read": {"name": chunk.text}, "claims": []}, Kept))


def test_two_runs_at_once_lose_nothing(cache):
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=write_rows, args=(cache / NAME, name, 100)) for name in "abcd"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * 4
    with Store(cache / NAME, print).open() as opened:
        assert len(opened.find([f"{name}{number}" for name in "abcd" for number in range(100)])) == 400


# --------------------------------------------------------------------------------------- the command


def test_no_cache_reads_nothing_and_writes_nothing(catalog, cache, judged_names):
    command(catalog, "--no-cache")
    assert not list(cache.iterdir())
    command(catalog)
    judged_names.clear()
    command(catalog, "--no-cache")
    assert sorted(judged_names) == ["first", "second"]


def test_errata_are_found_again_and_are_the_same(tmp_path, judged_names, capsys):
    path = tmp_path / "printed.yaml"
    printed = '  printed: [{latex: wrong, says: "D(L, x[k]) == 3*x[k]", from: a book, holds: no}]\n  source'
    path.write_text(ENTRY.format(name="first", wrong=2).replace("  source", printed))
    said = []
    for more in ([], [], ["--no-cache"]):
        assert run_command(["errata", str(path), "--jobs", "1", *more]) == 0
        said.append(capsys.readouterr())
    assert said[0] == said[1] == said[2]
    assert "2*x[k]" in said[0].out
    assert judged_names == ["first", "first"]


def test_times_are_measured_anew(catalog, judged_names, capsys):
    command(catalog)
    judged_names.clear()
    capsys.readouterr()
    command(catalog, "--timings", "--output-format", "json")
    assert sorted(judged_names) == ["first", "second"]
    assert decoded(capsys.readouterr().out.encode()).formulas[0].claims[0].seconds > 0


def test_info_tells_what_there_is_and_clear_forgets_it(catalog, cache, capsys):
    command(catalog)
    (cache / f"{NAME}.aside-1").write_bytes(b"x")
    capsys.readouterr()
    assert run_command(["cache", "info"]) == 0
    out = capsys.readouterr().out
    assert str(cache / NAME) in out
    assert "2 formulas" in out
    assert "1 file set aside" in out
    assert run_command(["cache", "clear"]) == 0
    assert "forgot 2 formulas" in capsys.readouterr().out
    assert run_command(["cache", "info"]) == 0
    assert "0 formulas" in capsys.readouterr().out
    assert not list(cache.glob("*.aside-*"))


def test_old_rows_are_forgotten_when_something_new_is_kept(kept, cache):
    some = msgspec.convert({"read": {"name": "a"}, "claims": []}, Kept)
    kept.keep("old", some)
    kept.keep("recent", some)
    with kept._database:
        kept._database.execute("UPDATE verdicts SET day = day - CASE key WHEN 'old' THEN 91 ELSE 89 END")
    with Store(cache / NAME, print).open() as another:
        another.keep("new", some)
        assert sorted(another.find(["old", "recent", "new"])) == ["new", "recent"]


@pytest.mark.parametrize(
    ("named", "base", "path"),
    [("/a/b", "/c", "/a/b"), ("", "/c", "/c/derive"), (None, None, "~/.cache/derive")],
)
@pytest.mark.skipif(sys.platform != "linux", reason="the places of other platforms are theirs")
def test_the_place_is_that_of_the_platform_or_the_one_named(monkeypatch, named, base, path):
    for name, value in (("DERIVE_CACHE", named), ("XDG_CACHE_HOME", base)):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)
    assert store.folder() == Path(path).expanduser()


def test_what_is_known_is_shown_without_any_mathematics(catalog):
    code = (
        "import sys; from derive.cli import run_command; run_command(sys.argv[1:]); "
        "sys.stdout.write('\\n' + '\\n'.join(sys.modules))"
    )
    words = [sys.executable, "-c", code, "check", str(catalog), "--witness", "exact"]
    subprocess.run(words, cwd=ROOT, capture_output=True, check=True)
    run = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(run.stdout.splitlines())
    assert "verify.store" in loaded
    assert not loaded & {"sympy", "numpy", "flint", "mpmath", "verify.pool", "verify.judge", "derive.proof"}
    assert "refuted" in run.stdout
