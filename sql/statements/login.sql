-- login: what signing in needs to know of a member; known: from this network one has signed in before; ticket: this one is good; secret and what follows: of the second factor, if there is one.
-- in:    name_key text, network text?, since timestamptz, ticket_hash text?, now timestamptz
-- out:   id int8, name text, role text, created_at timestamptz, password_hash text, disabled bool, known bool, ticket bool, secret text?, last_step int8?, failed int8?, failed_at timestamptz?
SELECT u.user_id, u.name, u.role, u.created_at, u.password_hash,
       u.disabled_at IS NOT NULL,
       EXISTS (SELECT FROM user_networks w
                WHERE w.user_id = u.user_id
                  AND w.network = :network
                  AND w.seen_at > :since),
       EXISTS (SELECT FROM user_tickets t
                WHERE t.user_id = u.user_id
                  AND t.token_hash = :ticket_hash
                  AND t.expires_at > :now),
       f.secret, f.last_step, f.failed, f.failed_at
  FROM users u
  LEFT JOIN user_factors f
    ON f.user_id = u.user_id AND f.confirmed_at IS NOT NULL
 WHERE u.user_id = (SELECT n.user_id FROM user_names n
                     WHERE n.name_key = :name_key)
