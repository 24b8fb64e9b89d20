-- Handing work over, watching it, and how fast it is accepted: a pending transfer, what a supervisor watches, and counts
-- for the service level, five minutes a row. The board reads the last day of these; reports may read all.

ALTER TABLE interactions ADD COLUMN transfer TEXT;

ALTER TABLE agents ADD COLUMN watching TEXT NOT NULL DEFAULT '{}';

CREATE TABLE service_levels (
    skill TEXT NOT NULL,
    time BIGINT NOT NULL,
    accepted BIGINT NOT NULL,
    in_time BIGINT NOT NULL,
    waited BIGINT NOT NULL,
    PRIMARY KEY (skill, time)
) WITHOUT ROWID;
CREATE INDEX service_levels_time ON service_levels (time);
