-- token_insert: a new access token, unless the member has `most` already, or the session that makes it has ended (absent: the operator makes it), or the member is shut out; those that have ended go. Seen before it was made: not used yet. Behind member_lock.
-- in:    user_id int8, token_hash text, asker_hash text?, label text, scopes int2, now timestamptz, unseen timestamptz, expires_at timestamptz, most int8
-- out:   token_info
-- write
WITH ended AS (
    DELETE FROM sessions
     WHERE user_id = :user_id AND expires_at <= :now
)
INSERT INTO sessions AS s (user_id, token_hash, created_at, seen_at,
                           expires_at, label, scopes)
SELECT :user_id, :token_hash, :now, :unseen, :expires_at,
       normalize(:label, NFC), :scopes
 WHERE (SELECT count(*) FROM sessions t
         WHERE t.user_id = :user_id
           AND t.scopes IS NOT NULL
           AND t.expires_at > :now) < :most
   AND (:asker_hash::text IS NULL
        OR EXISTS (SELECT FROM sessions a
                    WHERE a.user_id = :user_id AND a.token_hash = :asker_hash))
   AND EXISTS (SELECT FROM users u
                WHERE u.user_id = :user_id AND u.disabled_at IS NULL)
RETURNING @token_info@
