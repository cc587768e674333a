-- Networks from which a member has signed in: what others try with that member's
-- name does not keep the member out there.

CREATE TABLE user_networks (
    user_id  int8 NOT NULL REFERENCES users ON DELETE CASCADE,
    network  text NOT NULL,
    seen_at  timestamptz NOT NULL,
    PRIMARY KEY (user_id, network),
    CONSTRAINT user_networks_network CHECK (octet_length(network) = 64)
);
