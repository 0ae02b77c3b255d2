"""
The live display of a run on a terminal: one bar, one row per lane, and what happened scrolling by above.

Drawn by the loop itself, at most eight times a second, with everything since the last time in one batch: printing line by
line under a live area is far slower (measured), and no worker waits for a terminal.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from orchestrator.core.run import events as e
from orchestrator.core.run.transitions import UNDER_WAY, State
from orchestrator.core.values.durations import format_duration
from orchestrator.report.progress import ENDED, LOG_LEVELS, Projection, details, name_of
from orchestrator.report.text import plain

REDRAW_S = 0.125
MOST_LANES = 8
STYLES = {"info": "", "warning": "yellow", "error": "bold red"}
NOT_SHOWN = (e.Intended, e.Accepted, e.Throttled, e.Started, e.Finished, e.Verified)


class LiveProgress:
    """An observer that draws; a context manager that owns the area it draws in."""

    def __init__(self, fold: Projection, console: Console) -> None:
        self._fold = fold
        self._console = console
        self._live = Live(console=console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False)
        self._batch: list[Text] = []
        self._began_at: float | None = None
        self._drawn_at = 0.0
        self._draining: str | None = None

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._draw()
        self._live.__exit__(kind, error, trace)

    def __call__(self, event: e.Event) -> None:
        """Hear *event*."""
        self._fold.on_event(event)
        self._began_at = self._began_at or event.at
        if event.durable and not isinstance(event, NOT_SHOWN):
            self._batch.append(self._text(event))
        if isinstance(event, e.Draining):
            self._draining = event.detail
        if event.at - self._drawn_at >= REDRAW_S:
            self._drawn_at = event.at
            self._draw()

    def _text(self, event: e.Event) -> Text:
        level = LOG_LEVELS.get(type(event), "info")
        text = Text(f"{format_duration(event.at - (self._began_at or event.at)):>7}  ", style="dim")
        text.append(f"{name_of(event):<15}", STYLES.get(level, "") or ("green" if isinstance(event, e.Terminated) else ""))
        if isinstance(event, e.LineEvent):
            line = self._fold.lines[event.line]
            text.append(f" {plain(line.name)} ", "bold").append(f"{line.product_id} ", "dim")
        said = details(event)
        why = [str(said[name]) for name in ("reason", "evidence", "errors", "detail", "code", "message") if said.get(name)]
        return text.append(" " + "; ".join(why))

    def _draw(self) -> None:
        if self._batch:
            self._console.print(Text("\n").join(self._batch))
            self._batch.clear()
        self._live.update(Group(self._bar(), *self._lanes()), refresh=True)

    def _bar(self) -> Table:
        counts = self._fold.state_table.counts
        total = sum(counts.values())
        done = sum(counts[state] for state in ENDED)
        elapsed = self._drawn_at - self._began_at if self._began_at else 0.0
        row = Table.grid(padding=(0, 1))
        row.add_column()
        row.add_column(width=28)
        row.add_column()
        text = f"{done:,}/{total:,}  {format_duration(elapsed)}  {self._fold.counts()}"
        row.add_row("Run", ProgressBar(total=max(1, total), completed=done if total else 1, width=28), text)
        if self._draining:
            row.add_row("", "", Text(f"stopping: {plain(self._draining)}", style="yellow"))
        return row

    def _lanes(self) -> list[Table]:
        grid = Table.grid(padding=(0, 2))
        busiest = sorted(self._fold.by_lane.items(), key=lambda item: -sum(item[1][state] for state in UNDER_WAY))
        for lane, counts in busiest[:MOST_LANES]:
            under_way = sum(counts[state] for state in UNDER_WAY)
            grid.add_row(
                f"  {lane}",
                f"{counts[State.PENDING]:,} waiting",
                f"{under_way:,} under way",
                f"{counts[State.TERMINATED]:,} terminated",
            )
        if len(busiest) > MOST_LANES:
            grid.add_row(f"  ... and {len(busiest) - MOST_LANES} more lanes")
        return [grid]
