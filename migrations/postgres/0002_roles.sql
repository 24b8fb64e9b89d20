-- Roles as data: what their holders may do. The three that are always there have a row once somebody changed them.

CREATE TABLE roles (
    role TEXT NOT NULL PRIMARY KEY,
    title TEXT NOT NULL,
    permissions TEXT NOT NULL,
    kinds TEXT NOT NULL
);
