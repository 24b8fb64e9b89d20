-- Plugins: what each was granted, how far it has followed the event log, what it keeps, and its jobs.
CREATE TABLE plugins (
    plugin TEXT NOT NULL PRIMARY KEY,
    granted TEXT NOT NULL,
    granted_by TEXT NOT NULL,
    granted_at BIGINT,
    settings TEXT NOT NULL,
    seq BIGINT,
    done TEXT NOT NULL
);

CREATE TABLE plugin_values (
    plugin TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (plugin, name)
);

CREATE TABLE plugin_jobs (
    plugin TEXT NOT NULL,
    job TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    every BIGINT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (plugin, job)
);

-- A plugin that holds work and answers contacts.
ALTER TABLE agents ADD COLUMN bot BOOLEAN NOT NULL DEFAULT FALSE;
