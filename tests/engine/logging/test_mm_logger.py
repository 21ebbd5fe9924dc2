"""A logger with a name of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable
from logging.handlers import RotatingFileHandler, TimedRotatingFileHandler
from pathlib import Path
from typing import Any

import pytest

from engine.logging import MMLogger, get_logger, print_log


@pytest.fixture(autouse=True)
def _level() -> None:
    get_logger().setLevel("INFO")


def test_instances() -> None:
    first = MMLogger.get_current_instance()
    assert (first.instance_name, first.name, first.log_file) == ("engine", "engine", None)
    second = MMLogger.get_instance("second", logger_name="mine", log_level="ERROR")
    assert MMLogger.get_current_instance() is second is MMLogger.get_instance("second")
    assert isinstance(second, logging.Logger)


def test_its_lines_go_where_those_of_a_run_go(caplog: pytest.LogCaptureFixture) -> None:
    logger = MMLogger.get_instance("quiet", logger_name="mine", log_level="WARNING")
    logger.info("not shown")
    logger.warning("shown")
    logger.setLevel("DEBUG")
    logger.info("shown as well")
    print_log("by print_log", logger)
    told = [(record.name, record.message) for record in caplog.records]
    assert told == [("mine", "shown"), ("mine", "shown as well"), ("mine", "by print_log")]


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "x.log"
    logger = MMLogger.get_instance("file", log_file=str(path))
    logger.info("hello")
    assert logger.log_file == str(path)
    assert path.read_text().endswith(" - INFO - hello\n")


@pytest.mark.parametrize(("distributed", "name"), [(True, "x_rank1.log"), (False, None)])
def test_a_file_of_each_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, distributed: bool, name: str | None
) -> None:
    monkeypatch.setenv("RANK", "1")
    logger = MMLogger("each", log_file=str(tmp_path / "x.log"), distributed=distributed)
    assert logger.log_file == (None if name is None else str(tmp_path / name))


def test_a_handler_of_logging(tmp_path: Path) -> None:
    cfg: dict[str, Any] = {"type": "RotatingFileHandler", "maxBytes": 10}
    logger = MMLogger("rotates", log_file=str(tmp_path / "x.log"), file_handler_cfg=cfg)
    assert type(logger.handlers[-1]) is RotatingFileHandler
    cfg = {"type": "TimedRotatingFileHandler", "when": "midnight"}  # it takes no mode
    logger = MMLogger("daily", log_file=str(tmp_path / "z.log"), file_handler_cfg=cfg)
    assert type(logger.handlers[-1]) is TimedRotatingFileHandler
    with pytest.raises(ValueError, match="there is no file handler 'StreamHandler' in logging"):
        MMLogger("not", log_file=str(tmp_path / "y"), file_handler_cfg={"type": "StreamHandler"})


def test_without_a_run_its_lines_are_printed(probe: Callable[[str], str]) -> None:
    printed = probe(
        "from engine.logging import MMLogger, setup_logging\n"
        "logger = MMLogger.get_instance('script')\n"
        "logger.info('alone')\n"
        "setup_logging()\n"
        "logger.info('in a run')\n"
    )
    assert printed.endswith(" - INFO - alone\n")
    assert printed.count("\n") == 1
