"""What all pages share: the report on quarantine, the model cards, the report on boxes, a diff, the start page.

A page is one HTML file that needs no other and asks nobody: it is opened from the file system, printed, read on a
phone or aloud. Equal facts give equal bytes.
"""

from rs_assets.pages.document import END, cell, document, facts, head, table_of

__all__ = ["END", "cell", "document", "facts", "head", "table_of"]
