"""Help of the command line: commands in sections."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup


class Sections(TyperGroup):
    """A group whose help lists commands by their `rich_help_panel`, with the whole first line."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the sections."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for name, command in self.commands.items():
            if not command.hidden:
                title = getattr(command, "rich_help_panel", None)
                help_line = (command.help or "").partition("\n\n")[0]
                sections.setdefault(title or "Commands", []).append((name, help_line))
        for title, rows in sections.items():
            with formatter.section(title):
                formatter.write_dl(rows)
