-- Contacts as people know them: attributes, the words they are found by, merges that can be taken back; linked interactions.

ALTER TABLE contacts ADD COLUMN attributes TEXT NOT NULL DEFAULT '{}';
ALTER TABLE contacts ADD COLUMN merged_into BIGINT;

ALTER TABLE interactions ADD COLUMN subject TEXT;
ALTER TABLE interactions ADD COLUMN converted_from BIGINT;

-- What a contact is found by: each word of its name and addresses, and each tail of a phone number, so that a word's or a
-- number's part is the beginning of some row. In the order of their bytes, so that a search is a stretch of the key.
CREATE TABLE contact_words (
    word TEXT COLLATE "C" NOT NULL,
    contact_id BIGINT NOT NULL,
    PRIMARY KEY (word, contact_id)
);
CREATE INDEX contact_words_contact ON contact_words (contact_id, word);

CREATE TABLE contact_merges (
    merge_id BIGINT PRIMARY KEY,
    contact_id BIGINT NOT NULL,
    into_id BIGINT NOT NULL,
    identities TEXT NOT NULL,
    agent_id BIGINT NOT NULL,
    merged_at BIGINT NOT NULL,
    undone_at BIGINT
);
CREATE INDEX contact_merges_into ON contact_merges (into_id);
CREATE INDEX contact_merges_contact ON contact_merges (contact_id);
