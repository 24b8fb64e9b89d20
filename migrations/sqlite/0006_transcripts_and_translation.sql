-- Transcripts sent by e-mail (who sent which interaction to which address, and what became of it), and translation.
CREATE TABLE transcripts (
    transcript_id INTEGER PRIMARY KEY,
    interaction_id BIGINT NOT NULL,
    agent_id BIGINT NOT NULL,
    email TEXT NOT NULL,
    language TEXT NOT NULL,
    last_message_id BIGINT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    retry_at BIGINT,
    reason TEXT,
    created_at BIGINT NOT NULL,
    settled_at BIGINT
);
CREATE INDEX transcripts_interaction ON transcripts (interaction_id, transcript_id);
-- What a start takes up again.
CREATE INDEX transcripts_open ON transcripts (transcript_id) WHERE settled_at IS NULL;

-- What an interaction's translation is set to, and a message's translation, as JSON; NULL: never asked for.
ALTER TABLE interactions ADD COLUMN translation TEXT;
ALTER TABLE messages ADD COLUMN translation TEXT;
