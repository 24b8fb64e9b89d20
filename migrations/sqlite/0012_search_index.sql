-- The search index again, and differently: with `detail = 'none'` and secure-delete, SQLite (3.51 still) writes a document anew
-- by leaving out of the index what else that statement held under the same words.
DROP TABLE documents_index;
CREATE VIRTUAL TABLE documents_index USING fts5(
    stems, content = 'documents', content_rowid = 'document_id', columnsize = 0, detail = 'column',
    tokenize = "ascii tokenchars '_'"
);
INSERT INTO documents_index (documents_index, rank) VALUES ('secure-delete', 1);
INSERT INTO documents_index (documents_index) VALUES ('rebuild');
