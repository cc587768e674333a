-- A second factor: a secret that a member's device shares with the community, of
-- which both make the same code each half minute (RFC 6238). One a member; it counts once
-- it is confirmed. The secret is what codes are made of, so it can't be a hash.
-- last_step is the half minute of the last code that was taken: no code is taken
-- twice. failed counts wrong codes since the last right one.

CREATE TABLE user_factors (
    user_id       int8 PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    secret        text,
    asker_hash    text,
    begun_at      timestamptz NOT NULL,
    confirmed_at  timestamptz,
    removed_at    timestamptz,
    last_step     int8 NOT NULL DEFAULT 0,
    failed        int8 NOT NULL DEFAULT 0,
    failed_at     timestamptz,
    CONSTRAINT user_factors_secret CHECK (secret ~ '^[A-Z2-7]{32}$'),
    CONSTRAINT user_factors_confirmed
        CHECK (confirmed_at IS NULL OR secret IS NOT NULL)
);

-- What stands in for a lost device, each once; only hashes.

CREATE TABLE user_recovery_codes (
    user_id    int8 NOT NULL REFERENCES users ON DELETE CASCADE,
    code_hash  text NOT NULL,
    PRIMARY KEY (user_id, code_hash),
    CONSTRAINT user_recovery_codes_hash CHECK (octet_length(code_hash) = 64)
);

-- Whoever has given the right password and owes the code holds one of these for
-- some minutes; only hashes.

CREATE TABLE user_tickets (
    user_id     int8 NOT NULL REFERENCES users ON DELETE CASCADE,
    token_hash  text NOT NULL,
    expires_at  timestamptz NOT NULL,
    PRIMARY KEY (user_id, token_hash),
    CONSTRAINT user_tickets_token_hash CHECK (octet_length(token_hash) = 64)
);

-- A reset leaves the second factor alone, unless it was made for one that is lost.

ALTER TABLE password_resets ADD COLUMN factor bool NOT NULL DEFAULT false;
