-- Browser sessions, by the beginning of their hash; times are hub time and wall time, in pairs.
-- What the browser holds is nowhere.
CREATE TABLE browser_session (
    id         TEXT    NOT NULL PRIMARY KEY,
    org        INTEGER NOT NULL,
    digest     BLOB    NOT NULL,
    credential TEXT    NOT NULL,
    address    TEXT    NOT NULL,
    browser    TEXT    NOT NULL,
    began_hub  INTEGER NOT NULL,
    began_wall INTEGER NOT NULL,
    used_hub   INTEGER NOT NULL,
    used_wall  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
