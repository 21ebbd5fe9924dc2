"""Where log lines go."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.logging import (
    LogOutputs,
    console,
    get_logger,
    print_log,
    reset_logging,
    setup_logging,
)


@contextmanager
def program() -> Iterator[None]:
    """Take the handlers away that pytest adds, as in a program of its own, and undo the set-up."""
    logger = get_logger()
    level = logger.level
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logging.getLogger(), "handlers", [])
        patch.setattr(logger, "handlers", [])
        yield
        for handler in logger.handlers:
            handler.close()
    logger.setLevel(level)


class _Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@program()
def test_lines_of_a_level_go_to_the_terminal_and_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "logs" / "run.log"
    logger = setup_logging("INFO", file)
    logger.debug("quiet")
    logger.info("größer")
    logging.getLogger("engine.part").warning("from a part")
    logged = file.read_text("utf-8").splitlines()
    assert [line.split(" - ", 1)[1] for line in logged] == [
        "INFO - größer",
        "WARNING - from a part",
    ]
    assert capsys.readouterr().err.splitlines() == logged


@program()
def test_a_second_call_takes_the_place_of_the_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    setup_logging("INFO", tmp_path / "a.log")
    logger = setup_logging("WARNING", tmp_path / "b.log")
    logger.info("quiet")
    logger.warning("once")
    assert (tmp_path / "a.log").read_text() == ""
    assert (tmp_path / "b.log").read_text().count("once") == 1
    assert capsys.readouterr().err.count("once") == 1


@program()
def test_lines_propagate_and_a_root_handler_does_not_double_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    kept = _Kept()
    logging.getLogger().handlers = [kept]
    setup_logging("INFO").info("hello")
    assert kept.messages == ["hello"]
    assert capsys.readouterr().err == ""


@program()
def test_other_processes_show_errors_only(capsys: pytest.CaptureFixture[str]) -> None:
    logger = setup_logging("INFO", main=False)
    logger.warning("quiet")
    logger.error("loud")
    assert capsys.readouterr().err.endswith("ERROR - loud\n")


@program()
def test_in_a_terminal_lines_share_the_console_of_the_bars(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    logger = setup_logging("INFO")
    logger.info("in the terminal")
    [handler] = logger.handlers
    assert getattr(handler, "console", None) is console()
    assert "in the terminal" in capsys.readouterr().err


@program()
def test_print_log(capsys: pytest.CaptureFixture[str]) -> None:
    kept = _Kept()
    get_logger().addHandler(kept)
    get_logger().setLevel("INFO")
    print_log("printed")
    print_log("silent", "silent")
    print_log("current", "current")
    print_log("by name", "engine", logging.WARNING)
    print_log("by logger", get_logger())
    print_log("too low", "current", logging.DEBUG)
    assert kept.messages == ["current", "by name", "by logger"]
    assert capsys.readouterr().out == "printed\n"


@program()
def test_lines_of_a_run_go_where_it_wants_them_while_it_is_at_work(tmp_path: Path) -> None:
    def texts() -> list[str]:
        files = (tmp_path / "first.log", tmp_path / "second.log")
        lines = [file.read_text().splitlines() for file in files]
        return [" ".join(line.split()[-1] for line in each) for each in lines]

    setup_logging("DEBUG", tmp_path / "first.log")
    first = LogOutputs()
    setup_logging("WARNING", tmp_path / "second.log")
    second = LogOutputs()
    added = _Kept()  # of the program, not of a run
    logger = get_logger()
    logger.addHandler(added)
    handlers = [*logger.handlers]
    with first.in_use():
        logger.debug("a")
        with second.in_use():
            logger.info("quiet")
            logger.error("b")
        with pytest.raises(ZeroDivisionError), second.in_use():
            _ = 1 / 0
        logger.debug("c")
    logger.error("d")
    with second.in_use():
        logger.error("e")
    assert texts() == ["a c", "b d e"]
    assert added.messages == ["a", "b", "c", "d", "e"]
    assert {*logger.handlers} == {*handlers}
    assert logger.level == logging.WARNING


@program()
def test_reset_undoes_the_set_up(tmp_path: Path) -> None:
    logger = setup_logging("DEBUG", tmp_path / "run.log")
    logger.debug("kept")
    reset_logging()
    logger.error("lost")
    assert (logger.handlers, logger.level) == ([], logging.NOTSET)
    assert (tmp_path / "run.log").read_text().endswith("kept\n")
