-- First light: contacts, interactions, messages, people, and the event log. Times are milliseconds since 1970 UTC.
-- Rows that change often leave room in their page, so that an update touches no index.

CREATE TABLE writer (
    writer_id BIGINT PRIMARY KEY,
    epoch BIGINT NOT NULL,
    batch BIGINT NOT NULL,
    next_id BIGINT NOT NULL,
    seq BIGINT NOT NULL
);
INSERT INTO writer (writer_id, epoch, batch, next_id, seq) VALUES (1, 0, 0, 1, 0);

CREATE TABLE contacts (
    contact_id BIGINT PRIMARY KEY,
    name TEXT NOT NULL,
    language TEXT,
    vip BOOLEAN NOT NULL,
    blocked BOOLEAN NOT NULL,
    opted_out BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE aliases (
    kind TEXT NOT NULL,
    alias_kind TEXT NOT NULL,
    value TEXT NOT NULL,
    identity_id BIGINT NOT NULL,
    contact_id BIGINT NOT NULL,
    PRIMARY KEY (kind, alias_kind, value)
);
CREATE INDEX aliases_identity ON aliases (identity_id);
CREATE INDEX aliases_contact ON aliases (contact_id);

CREATE TABLE interactions (
    interaction_id BIGINT PRIMARY KEY,
    channel_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    contact_id BIGINT NOT NULL,
    identity_id BIGINT NOT NULL,
    address TEXT NOT NULL,
    previous_id BIGINT,
    outbound BOOLEAN NOT NULL,
    status TEXT NOT NULL,
    ownership TEXT NOT NULL,
    agent_id BIGINT,
    last_agent_id BIGINT,
    consulted TEXT NOT NULL,
    skill TEXT,
    waiting TEXT,
    language TEXT,
    window_ends_at BIGINT,
    window_told BIGINT NOT NULL,
    timers TEXT NOT NULL,
    unread BIGINT NOT NULL,
    last_message_id BIGINT,
    last_line TEXT NOT NULL,
    last_message_at BIGINT,
    unanswered_since BIGINT,
    answered BOOLEAN NOT NULL,
    disposition TEXT,
    tags TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    assigned_at BIGINT,
    status_since BIGINT NOT NULL,
    ended_at BIGINT,
    revision BIGINT NOT NULL,
    kept TEXT NOT NULL
) WITH (fillfactor = 80);
-- What a start reads: only what has not ended.
CREATE INDEX interactions_open ON interactions (interaction_id, contact_id) WHERE ended_at IS NULL;
-- An identity's newest interaction on a channel account.
CREATE INDEX interactions_identity ON interactions (identity_id, channel_id, interaction_id);

CREATE TABLE messages (
    message_id BIGINT PRIMARY KEY,
    interaction_id BIGINT NOT NULL,
    channel_id TEXT NOT NULL,
    direction TEXT NOT NULL,
    author TEXT NOT NULL,
    agent_id BIGINT,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    media TEXT NOT NULL,
    data TEXT NOT NULL,
    template TEXT,
    reply_to BIGINT,
    forwarded BOOLEAN NOT NULL,
    edited BOOLEAN NOT NULL,
    deleted BOOLEAN NOT NULL,
    reactions TEXT NOT NULL,
    state TEXT NOT NULL,
    error TEXT,
    provider_id TEXT,
    attempts BIGINT NOT NULL,
    retry_at BIGINT,
    backoff BIGINT NOT NULL,
    sent_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL
) WITH (fillfactor = 80);
CREATE INDEX messages_interaction ON messages (interaction_id, message_id);
CREATE UNIQUE INDEX messages_provider ON messages (channel_id, provider_id) WHERE provider_id IS NOT NULL;
CREATE INDEX messages_in_flight ON messages (message_id) WHERE state IN ('queued', 'sending', 'unknown');

CREATE TABLE media (
    media_id TEXT NOT NULL PRIMARY KEY,
    message_id BIGINT,
    agent_id BIGINT,
    mime TEXT NOT NULL,
    filename TEXT,
    caption TEXT,
    size BIGINT,
    voice BOOLEAN NOT NULL,
    state TEXT NOT NULL,
    channel_id TEXT,
    provider_media_id TEXT,
    attempts BIGINT NOT NULL,
    retry_at BIGINT,
    created_at BIGINT NOT NULL
);
CREATE INDEX media_pending ON media (media_id) WHERE state = 'pending';

CREATE TABLE notes (
    note_id BIGINT PRIMARY KEY,
    interaction_id BIGINT NOT NULL,
    message_id BIGINT,
    agent_id BIGINT,
    text TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX notes_interaction ON notes (interaction_id, note_id);

CREATE TABLE drafts (
    interaction_id BIGINT NOT NULL,
    agent_id BIGINT NOT NULL,
    text TEXT NOT NULL,
    media TEXT NOT NULL,
    saved_at BIGINT NOT NULL,
    PRIMARY KEY (interaction_id, agent_id)
);

CREATE TABLE agents (
    agent_id BIGINT PRIMARY KEY,
    login TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    skills TEXT NOT NULL,
    teams TEXT NOT NULL,
    capacity TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    state_since BIGINT NOT NULL,
    idle_since BIGINT NOT NULL,
    missed_offers BIGINT NOT NULL,
    removed BOOLEAN NOT NULL
);
CREATE UNIQUE INDEX agents_login ON agents (login) WHERE removed = FALSE;

CREATE TABLE skills (
    skill TEXT NOT NULL PRIMARY KEY,
    title TEXT NOT NULL,
    offer BIGINT NOT NULL,
    auto_accept BOOLEAN NOT NULL,
    outbound TEXT NOT NULL,
    dispositions TEXT NOT NULL,
    disposition_required BOOLEAN NOT NULL
);

CREATE TABLE teams (
    team TEXT NOT NULL PRIMARY KEY,
    title TEXT NOT NULL
);

CREATE TABLE templates (
    channel_id TEXT NOT NULL,
    name TEXT NOT NULL,
    language TEXT NOT NULL,
    category TEXT NOT NULL,
    status TEXT NOT NULL,
    parameter_format TEXT NOT NULL,
    header_format TEXT,
    header TEXT,
    body TEXT NOT NULL,
    footer TEXT,
    buttons TEXT NOT NULL,
    PRIMARY KEY (channel_id, name, language)
);

CREATE TABLE dedupe (
    key TEXT NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX dedupe_expiry ON dedupe (expires_at);

CREATE TABLE requests (
    agent_id BIGINT NOT NULL,
    request_id TEXT NOT NULL,
    hash TEXT NOT NULL,
    answer TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (agent_id, request_id)
);
CREATE INDEX requests_expiry ON requests (expires_at);

CREATE TABLE decisions (
    decision_id BIGINT PRIMARY KEY,
    interaction_id BIGINT NOT NULL,
    time BIGINT NOT NULL,
    question TEXT NOT NULL,
    facts TEXT NOT NULL,
    answer TEXT NOT NULL,
    generation BIGINT NOT NULL,
    at TEXT,
    error TEXT,
    reasons TEXT NOT NULL,
    sentence TEXT NOT NULL
);
CREATE INDEX decisions_interaction ON decisions (interaction_id, decision_id);

CREATE TABLE logins (
    hash TEXT NOT NULL PRIMARY KEY,
    agent_id BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE tokens (
    name TEXT NOT NULL PRIMARY KEY,
    hash TEXT NOT NULL,
    agent_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX tokens_hash ON tokens (hash);

CREATE TABLE raw_deliveries (
    hash TEXT NOT NULL PRIMARY KEY,
    channel_id TEXT NOT NULL,
    body TEXT NOT NULL,
    reason TEXT NOT NULL,
    received_at BIGINT NOT NULL
);

CREATE TABLE events (
    seq BIGINT PRIMARY KEY,
    time BIGINT NOT NULL,
    interaction_id BIGINT,
    revision BIGINT NOT NULL,
    type TEXT NOT NULL,
    agents TEXT NOT NULL,
    supervisors BOOLEAN NOT NULL,
    administrators BOOLEAN NOT NULL,
    payload TEXT NOT NULL
);
