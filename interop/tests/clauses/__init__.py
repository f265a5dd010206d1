"""The clauses, a table for each part of an RFC."""

from . import calls_in, calls_out, offers, registrations, reliability, requests, timers, transactions, updates

TABLES = (requests, calls_in, calls_out, transactions, offers, registrations, reliability, updates, timers)
CLAUSES = [clause for table in TABLES for clause in table.CLAUSES]
