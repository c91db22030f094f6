"""What is in quarantine: how much, why, since when, and how an event would be valid.

The front of the package: `summary` (counts and samples of any range), `explain` (one event at length), `publish`
(the pages of log dates). Behind it: `counted` and `samples` (what a report is made of), `queries` (SQL), `redaction`
and `scrub` (what of an event may be shown), `payload`, `pointing` and `leaving_out` (a line laid out, and the place a
violation is about), `dated`, `page`, `markdown`, `markup`, `style` and `plot` (a log date's report).

Belongs here: what `rs-assets quarantine` and the asset `quarantine_report` share, tables in and tables out. Does
not belong here: Dagster, the command line, and the rules themselves.
"""
