"""`python -m rs_assets.cli`, for where the entry point is not on the path. Nothing else belongs here."""

from rs_assets.cli import main

main()
