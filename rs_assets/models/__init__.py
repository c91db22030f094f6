"""Models as pure functions on polars frames: training sets, fits, evaluations, artifacts, predictions.

Belongs here: one package a model, the weekly `cuts` they share, and the `plots` of their evaluations.
Does not belong here: Dagster, or a path of the lake (callers pass frames and bytes). Importing this package
loads neither scikit-learn nor matplotlib, because the whole graph imports it on every start.
"""
