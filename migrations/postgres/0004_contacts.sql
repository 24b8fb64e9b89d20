-- Contacts as people know them: attributes, the words they are found by, merges that can be taken back; linked interactions.

ALTER TABLE contacts ADD COLUMN attributes TEXT NOT NULL DEFAULT '{}';
ALTER TABLE contacts ADD COLUMN merged_into BIGINT;
ALTER TABLE contacts ADD COLUMN merged TEXT;
CREATE INDEX contacts_merged ON contacts (merged_into) WHERE merged_into IS NOT NULL;

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
