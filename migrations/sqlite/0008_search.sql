-- Search: what messages, notes and interactions say, as stems, and how far the index has followed the event log.
CREATE TABLE documents (
    document_id INTEGER PRIMARY KEY,
    stems TEXT NOT NULL
);
CREATE VIRTUAL TABLE documents_index USING fts5( -- only here: PostgreSQL has an index on the table itself
    stems, content = 'documents', content_rowid = 'document_id', columnsize = 0, detail = 'none',
    tokenize = "ascii tokenchars '_'"
);
-- An erased word must leave the file, not only the answers.
INSERT INTO documents_index (documents_index, rank) VALUES ('secure-delete', 1);
CREATE TRIGGER documents_written AFTER INSERT ON documents BEGIN
    INSERT INTO documents_index (rowid, stems) VALUES (new.document_id, new.stems);
END;
CREATE TRIGGER documents_deleted AFTER DELETE ON documents BEGIN
    INSERT INTO documents_index (documents_index, rowid, stems) VALUES ('delete', old.document_id, old.stems);
END;
CREATE TRIGGER documents_changed AFTER UPDATE ON documents BEGIN
    INSERT INTO documents_index (documents_index, rowid, stems) VALUES ('delete', old.document_id, old.stems);
    INSERT INTO documents_index (rowid, stems) VALUES (new.document_id, new.stems);
END;

-- What was stored before this migration has ids below `below` and is indexed backwards; everything later is followed by `seq`.
CREATE TABLE index_progress (
    progress_id INTEGER PRIMARY KEY,
    seq BIGINT NOT NULL,
    below BIGINT NOT NULL,
    written BIGINT NOT NULL
);
INSERT INTO index_progress (progress_id, seq, below, written) SELECT 1, seq, next_id, 0 FROM writer;
