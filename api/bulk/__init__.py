"""How do a county's homes and people come in and go out at once? A table a CSV file, all of a file or nothing."""

from api.bulk.exporting import export
from api.bulk.found import BadCell, BadFile, NotAFile, Report, UnknownTable
from api.bulk.importing import import_file

__all__ = ["BadCell", "BadFile", "NotAFile", "Report", "UnknownTable", "export", "import_file"]
