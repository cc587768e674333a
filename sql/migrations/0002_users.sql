-- Members. A name and an address are claimed in tables keyed by them, in the
-- transaction that makes the member.

CREATE TABLE user_names (
    name_key  text PRIMARY KEY,
    user_id   int8 NOT NULL,
    name      text NOT NULL,
    CONSTRAINT user_names_name CHECK (name ~ '^[A-Za-z0-9_-]{3,20}$'),
    CONSTRAINT user_names_key CHECK (name_key = lower(name))
);

CREATE TABLE user_emails (
    email_key  text PRIMARY KEY,
    user_id    int8 NOT NULL,
    CONSTRAINT user_emails_key CHECK (char_length(email_key) BETWEEN 3 AND 960)
);

CREATE TABLE users (
    user_id        int8 PRIMARY KEY,
    name           text NOT NULL,
    email          text,
    role           text NOT NULL DEFAULT 'member',
    password_hash  text NOT NULL,
    created_at     timestamptz NOT NULL,
    disabled_at    timestamptz,
    CONSTRAINT users_id CHECK (user_id BETWEEN 1 AND 9007199254740991),
    CONSTRAINT users_name CHECK (name ~ '^[A-Za-z0-9_-]{3,20}$'),
    CONSTRAINT users_email CHECK (char_length(email) BETWEEN 3 AND 960),
    CONSTRAINT users_role CHECK (role IN ('member', 'moderator', 'admin')),
    CONSTRAINT users_password_hash CHECK (octet_length(password_hash) <= 512)
);

CREATE TABLE sessions (
    user_id     int8 NOT NULL REFERENCES users ON DELETE CASCADE,
    token_hash  text NOT NULL,
    created_at  timestamptz NOT NULL,
    seen_at     timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    user_agent  text,
    address     text,
    PRIMARY KEY (user_id, token_hash),
    CONSTRAINT sessions_token_hash
        CHECK (octet_length(token_hash) BETWEEN 16 AND 128),
    CONSTRAINT sessions_user_agent CHECK (octet_length(user_agent) <= 4096),
    CONSTRAINT sessions_address CHECK (octet_length(address) <= 256)
);
