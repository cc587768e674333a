-- What members made with a key of their own, so that to ask again makes it but
-- once: claimed in the transaction that makes it. Kept for a day.

CREATE TABLE creations (
    user_id     int8 NOT NULL REFERENCES users ON DELETE CASCADE,
    key         text NOT NULL,
    digest      text NOT NULL,
    deal_id     int8 NOT NULL,
    comment_id  int8,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (user_id, key),
    CONSTRAINT creations_key CHECK (octet_length(key) BETWEEN 1 AND 255),
    CONSTRAINT creations_digest CHECK (octet_length(digest) = 32)
);
