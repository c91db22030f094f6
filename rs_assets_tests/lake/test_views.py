from __future__ import annotations

import datetime as dt
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import polars as pl
import pytest

from rs_assets.errors import UserError
from rs_assets.lake import Lake
from rs_assets.lake.environments import create
from rs_assets.lake.readonly import ReadOnlyFiles
from rs_assets.lake.stage import Stage
from rs_assets.lake.tables import write_table
from rs_assets.lake.views import connect, names, stoppable
from rs_assets_tests.lakes import put

DATES = ("2024-01-01", "2024-01-02")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Two assets of two log dates in `prod`, and one of another environment."""
    lake = Lake(str(tmp_path / "lake"))
    with Stage(lake) as stage:
        for number, log_date in enumerate(DATES):
            dated = pl.DataFrame({"log_date": [dt.date.fromisoformat(log_date)] * 2, "x": [number, 10]})
            write_table(dated, stage.path("dated", log_date))
            write_table(pl.DataFrame({"y": [number]}), stage.path("undated", log_date))
        stage.publish()
    other = Lake(lake.root, "dev")
    create(other, None)
    with Stage(other) as stage:
        write_table(pl.DataFrame({"secret": [1]}), stage.path("other", DATES[0]))
        stage.publish()
    return lake


def _snapshot(lake: Lake) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in Path(lake.root).rglob("*") if path.is_file()}


def test_every_asset_of_the_environment_is_a_view(lake: Lake) -> None:
    connection = connect(lake)
    assert names(connection) == ["dated", "undated"]
    assert connection.execute("SELECT sum(x) FROM dated").fetchall() == [(21,)]
    assert names(connect(Lake(lake.root, "dev"))) == ["other"]


def test_an_environment_with_nothing_in_it_has_no_view(tmp_path: Path) -> None:
    connection = connect(Lake(str(tmp_path / "none")))
    assert names(connection) == []
    assert connection.execute("SELECT 1").fetchall() == [(1,)]


def test_the_log_date_comes_from_the_rows_or_else_from_the_folder(lake: Lake) -> None:
    connection = connect(lake)
    days = [dt.date.fromisoformat(log_date) for log_date in DATES]
    assert connection.execute("SELECT * FROM undated ORDER BY y").fetchall() == [(0, days[0]), (1, days[1])]
    assert connection.execute("SELECT DISTINCT log_date FROM dated ORDER BY 1").fetchall() == [
        (d,) for d in days
    ]
    assert connection.view("dated").columns == ["log_date", "x"]


def test_a_column_that_came_later_is_null_before(lake: Lake) -> None:
    with Stage(lake) as stage:
        write_table(pl.DataFrame({"y": [7], "z": ["new"]}), stage.path("undated", "2024-01-03"))
        stage.publish()
    found = connect(lake).execute("SELECT y, z FROM undated ORDER BY y").fetchall()
    assert found == [(0, None), (1, None), (7, "new")]


def test_an_object_that_cannot_be_read_is_an_error_that_names_the_asset(lake: Lake) -> None:
    Path(lake.object("dated", DATES[0])).write_bytes(b"no parquet")
    with pytest.raises(UserError, match="The objects of dated in the environment prod cannot be read"):
        connect(lake)


@pytest.mark.parametrize(
    "sql",
    [
        "COPY dated TO 'lake://dated/log_date=2024-01-01/part.parquet' (FORMAT parquet, USE_TMP_FILE false)",
        "COPY dated TO 'lake://dated/new.parquet'",
        "COPY dated TO 'lake://dated' (FORMAT parquet, PARTITION_BY log_date, OVERWRITE)",
        "COPY dated TO '{home}/dated/log_date=2024-01-01/part.parquet' (FORMAT parquet, USE_TMP_FILE false)",
        "COPY dated TO '{home}/new.csv'",
        "COPY dated TO 'file://{home}/new.csv'",
        "COPY dated TO 'new.csv'",
        "COPY dated TO '/dev/stdout'",
        "COPY dated TO 'http://127.0.0.1/new.csv'",
        "WITH x AS (COPY dated TO '{home}/new.csv') SELECT * FROM x",
        "WITH x AS (COPY dated TO 'lake://new.csv') SELECT * FROM x",
        "EXPLAIN ANALYZE COPY dated TO '{home}/new.csv'",
        "EXPORT DATABASE 'lake://new'",
        "EXPORT DATABASE '{home}/new'",
        "ATTACH 'lake://new.db'",
        "ATTACH '{home}/new.db'",
        "CALL enable_logging(storage = 'file', storage_path = '{home}/new')",
        "SELECT * FROM enable_profiling(save_location = '{home}/new')",
        "CREATE PERSISTENT SECRET s (TYPE s3, KEY_ID 'x', SECRET 'y')",
        "INSTALL httpfs",
        "LOAD httpfs",
    ],
)
def test_nothing_can_be_written(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sql: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "person"))
    before, connection = _snapshot(lake), connect(lake)
    with pytest.raises(duckdb.Error):
        connection.execute(sql.replace("{home}", lake.home)).fetchall()
    connection.close()
    assert _snapshot(lake) == before
    assert os.listdir(tmp_path) == ["lake"]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM read_parquet('{home}/dated/log_date=2024-01-01/part.parquet')",
        "SELECT * FROM read_parquet('{home}/../dev/other/log_date=2024-01-01/part.parquet')",
        "SELECT * FROM read_parquet('lake://../dev/other/log_date=2024-01-01/part.parquet')",
        "SELECT * FROM read_parquet('lake://dated/../../dev/other/log_date=2024-01-01/part.parquet')",
        "ATTACH '{home}/dated/log_date=2024-01-01/part.parquet' (READ_ONLY)",
        "SELECT * FROM read_text('http://127.0.0.1/x')",
        "SELECT * FROM mine",
        "SELECT * FROM DATES",
    ],
)
def test_nothing_else_can_be_read(lake: Lake, sql: str) -> None:
    mine = pl.DataFrame({"x": [1]})
    connection = connect(lake)
    with pytest.raises(duckdb.Error):
        connection.execute(sql.replace("{home}", lake.home)).fetchall()
    assert mine.height == 1


@pytest.mark.parametrize(
    "setting",
    [
        "enable_external_access = true",
        "disabled_filesystems = ''",
        "lock_configuration = false",
        "allowed_directories = ['/']",
        "temp_directory = '/tmp'",
        "memory_limit = '100GB'",
        "python_enable_replacements = true",
    ],
)
def test_no_setting_can_be_changed(lake: Lake, setting: str) -> None:
    with pytest.raises(duckdb.Error, match="locked"):
        connect(lake).execute(f"SET {setting}")


def test_a_folder_outside_is_not_in_the_file_system(lake: Lake) -> None:
    files = ReadOnlyFiles({"dated/part.parquet": lake.object("dated", DATES[0])})
    assert files.exists("lake://dated/part.parquet")
    for path in ("lake://../dev/other/log_date=2024-01-01/part.parquet", "lake:///etc/passwd", "/etc/passwd"):
        assert not files.exists(path)
        with pytest.raises(OSError):
            files.open(path)
    for mode in ("wb", "ab", "rb+", "w", "xb"):
        with pytest.raises(PermissionError, match="cannot write"):
            files.open("lake://dated/new", mode)


def test_what_is_published_later_does_not_change_what_a_connection_sees(lake: Lake) -> None:
    connection = connect(lake)
    put(lake, "undated", DATES, pl.DataFrame({"y": [7]}))
    assert connection.execute("SELECT sum(y) FROM undated").fetchall() == [(1,)]
    assert connect(lake).execute("SELECT sum(y) FROM undated").fetchall() == [(14,)]


def test_an_environment_shows_its_parents_objects_where_it_has_none(lake: Lake) -> None:
    dev = Lake(lake.root, "dev-me")
    put(dev, "undated", DATES[1:], pl.DataFrame({"y": [7]}))
    connection = connect(dev)
    assert names(connection) == ["dated", "undated"]
    assert connection.execute("SELECT y FROM undated ORDER BY y").fetchall() == [(0,), (7,)]


def test_threads_share_an_open_file(tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(bytes(range(256)) * 400)
    file = ReadOnlyFiles({"bytes": str(tmp_path / "bytes")}).open("lake://bytes")

    def read(start: int) -> bool:
        for _ in range(300):
            file.seek(start)
            if file.read(64) != bytes(range(start, start + 64)):
                return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(read, (0, 64, 128, 192)))
    assert (file.seek(-256, os.SEEK_END), file.tell(), len(file.read())) == (102_144, 102_144, 256)
    file.close()


def test_a_large_table_reads_the_same_with_several_threads(tmp_path: Path) -> None:
    lake = Lake(str(tmp_path))
    rows = pl.DataFrame({"x": pl.int_range(400_000, eager=True)}).with_columns(h=pl.col("x").hash(1))
    with Stage(lake) as stage:
        write_table(rows, stage.path("large", DATES[0]))
        write_table(rows, stage.path("large", DATES[1]))
        stage.publish()
    found = connect(lake, threads=4).execute("SELECT count(*), sum(x), sum(h) FROM large").fetchall()
    assert found == [(800_000, 2 * rows["x"].sum(), 2 * sum(rows["h"].to_list()))]


def test_what_does_not_fit_in_memory_fails_and_leaves_nothing_on_disk(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(duckdb.OutOfMemoryException):
        connect(lake, memory_gib=0.1).execute(
            "SELECT md5(range::VARCHAR) AS x FROM range(20000000) ORDER BY x"
        ).fetchall()
    assert os.listdir(tmp_path) == ["lake"]


def test_work_that_is_stopped_stops_its_query(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = connect(lake)
    begun = threading.Event()

    def work() -> list[tuple[int, ...]]:
        begun.set()
        sql = "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE hash(a.range + b.range) = 3"
        return connection.execute(sql).fetchall()

    def interrupt() -> None:
        begun.wait()
        threading.Event().wait(0.3)
        os.kill(os.getpid(), 2)

    # Whoever started the tests may ignore Ctrl-C: a shell does for what it runs in the background.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        threading.Thread(target=interrupt).start()
        with pytest.raises(KeyboardInterrupt):
            stoppable(connection, work)
    finally:
        signal.signal(signal.SIGINT, before)
    assert stoppable(connection, lambda: connection.execute("SELECT 1").fetchall()) == [(1,)]
