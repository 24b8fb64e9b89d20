-- Who did what; erasing a contact; how long things are kept; what reports are made from.

CREATE TABLE audit (
    audit_id INTEGER PRIMARY KEY,
    time BIGINT NOT NULL,
    agent_id BIGINT,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX audit_time ON audit (time);

-- Files whose rows were erased; a row goes once the file is gone, so that a kill in between leaves no file behind.
CREATE TABLE erased_files (
    media_id TEXT NOT NULL PRIMARY KEY
) WITHOUT ROWID;

-- When work was first taken and first answered: reports need it long after the event log has forgotten.
ALTER TABLE interactions ADD COLUMN accepted_at BIGINT;
ALTER TABLE interactions ADD COLUMN answered_at BIGINT;
-- Whether its texts were erased. Only the statements that erase write it.
ALTER TABLE interactions ADD COLUMN erased BOOLEAN NOT NULL DEFAULT FALSE;

CREATE INDEX interactions_created ON interactions (created_at, interaction_id);
CREATE INDEX interactions_contact ON interactions (contact_id);
CREATE INDEX interactions_unerased ON interactions (ended_at) WHERE erased = FALSE AND ended_at IS NOT NULL;
CREATE INDEX media_message ON media (message_id);
-- A tag changed is told with its words, which are erased with what they are on.
CREATE INDEX events_tags ON events (interaction_id) WHERE type = 'tag.changed';
