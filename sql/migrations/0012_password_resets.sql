-- Tokens that set a new password once, one a member; only their hashes.

CREATE TABLE password_resets (
    user_id     int8 PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    token_hash  text NOT NULL,
    expires_at  timestamptz NOT NULL,
    CONSTRAINT password_resets_token_hash CHECK (octet_length(token_hash) = 64)
);
