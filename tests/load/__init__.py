"""The speed and size that Turnout promises, measured: ``make load``, or ``python -m tests.load``.

Every figure that depends on the machine is a ratio to a ceiling served in the same run by the same
server class: a constant page of a bare Flask app, and one request that inserts one row. Ceiling and
subject take turns in short rounds and medians count, so that a noisy neighbour slows both. pytest
does not time anything here: ``test_smoke.py`` only sees that the scripts run.
"""
