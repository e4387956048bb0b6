"""``flask jobs work``: the worker process on a machine of its own."""

from __future__ import annotations

import signal
import threading

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from webapp import jobs

cli = AppGroup("jobs", help="Background work.")


@cli.command("work")
@click.option("--once", is_flag=True, help="Run every job one time and stop.")
def work_command(once: bool) -> None:
    """Work through mail, visits and everything else that falls due, until stopped."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # not in the types of a proxy
    if once:
        for job in jobs.registered():
            click.echo(f"{job.name}: {jobs.run_once(app, job)}")
        return
    stop = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stop.set())
    click.echo(f"Working on {', '.join(job.name for job in jobs.registered())}. Ctrl-C stops it.")
    jobs.work(app, stop)


def init_app(app: Flask) -> None:
    app.cli.add_command(cli)
