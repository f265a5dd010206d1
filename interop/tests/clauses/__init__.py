"""The clauses, a table for each part of an RFC."""

from . import (
    calls_in,
    calls_out,
    offers,
    registrations,
    reliability,
    replacements,
    requests,
    timers,
    transactions,
    transfers,
    updates,
)

TABLES = (
    requests,
    calls_in,
    calls_out,
    transactions,
    offers,
    registrations,
    reliability,
    updates,
    timers,
    transfers,
    replacements,
)
CLAUSES = [clause for table in TABLES for clause in table.CLAUSES]
