-- Access tokens: sessions that a member makes for a program, with a label, an end
-- of their own, and only some of the member's rights. Bits of scopes: 1 read,
-- 2 vote, 4 write. NULL: a session, which has all.

ALTER TABLE sessions
    ADD COLUMN label text,
    ADD COLUMN scopes int2,
    ADD CONSTRAINT sessions_label
        CHECK (char_length(label) BETWEEN 1 AND 150),
    ADD CONSTRAINT sessions_scopes CHECK (scopes BETWEEN 1 AND 7),
    ADD CONSTRAINT sessions_access
        CHECK ((label IS NULL) = (scopes IS NULL));
