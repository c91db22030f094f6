"""Extension without a fork: a company's own package adds events, importers, repairs, models and assets.

Belongs here: what a company's code imports. Does not belong here: anything heavy; an installed project is looked up
each time that the graph or the command line is loaded.

A project is a Python package that names a `Project` by the entry point group `rs_assets.projects`; installing it is
all it takes. rs_assets itself is declared in the same way (`projects.OURS`), and is read first.
"""

from rs_assets.extending.projects import GROUP, OURS, Project, projects
from rs_assets.extending.rooms import declared, source
from rs_assets.extending.tables import Table, table

__all__ = ["GROUP", "OURS", "Project", "Table", "declared", "projects", "source", "table"]
