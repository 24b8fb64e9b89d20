-- The desk: tags on messages and those in use, stars on quick replies, drafts of notes and of answers to a message.

-- A list as JSON; NULL: none, which costs nothing on the many messages that have none.
ALTER TABLE messages ADD COLUMN tags TEXT;

ALTER TABLE drafts ADD COLUMN mode TEXT NOT NULL DEFAULT 'reply';
ALTER TABLE drafts ADD COLUMN reply_to BIGINT;

CREATE TABLE tags (
    tag TEXT NOT NULL PRIMARY KEY,
    uses BIGINT NOT NULL
);

CREATE TABLE stars (
    agent_id BIGINT NOT NULL,
    quick_reply_id TEXT NOT NULL,
    starred BOOLEAN NOT NULL,
    PRIMARY KEY (agent_id, quick_reply_id)
);
