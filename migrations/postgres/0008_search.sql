-- Search: what messages, notes and interactions say, as stems, and how far the index has followed the event log.
CREATE TABLE documents (
    document_id BIGINT PRIMARY KEY,
    stems TEXT NOT NULL
);
ALTER TABLE documents ADD COLUMN lexemes tsvector -- only here: SQLite has a virtual table beside
    GENERATED ALWAYS AS (array_to_tsvector(string_to_array(stems, ' '))) STORED;
CREATE INDEX documents_lexemes ON documents USING gin (lexemes);

-- What was stored before this migration has ids below `below` and is indexed backwards; everything later is followed by `seq`.
CREATE TABLE index_progress (
    progress_id BIGINT PRIMARY KEY,
    seq BIGINT NOT NULL,
    below BIGINT NOT NULL,
    written BIGINT NOT NULL
);
INSERT INTO index_progress (progress_id, seq, below, written) SELECT 1, seq, next_id, 0 FROM writer;
