-- SQLite's search index is made again; PostgreSQL's is right as it is.
SELECT 1;
