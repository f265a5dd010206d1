"""The clauses, a table for each part of an RFC."""
