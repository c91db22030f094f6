"""The findings for a person: a line each, and below a problem what to do.

Belongs here: the layout. Does not belong here: what stands in it.
"""

from __future__ import annotations

from rich.text import Text

from rs_assets.cli import output
from rs_assets.cli.doctor.findings import Finding

SIGNS = {"fine": ("ok", "green"), "note": ("note", "yellow"), "problem": ("problem", "bold red")}


def show(findings: list[Finding]) -> None:
    """Print them."""
    console = output.out()
    made = output.table("", "what", "found", folded=["found"])
    for finding in findings:
        sign, style = SIGNS[finding.state]
        text = output.visible_lines(finding.found)
        if finding.mend:
            text.append("\n→ ", style="bold").append_text(output.visible_lines(finding.mend))
        made.add_row(Text(sign, style=style), finding.thing, text)
    problems = sum(finding.state == "problem" for finding in findings)
    console.print(made)
    last = output.plural(problems, "problem") if problems else "Nothing stands in the way."
    console.print("", Text(last, style="bold red" if problems else "green"), sep="\n")
