-- account_taken: whether a name and an e-mail address belong to somebody.
-- in:    name_key text, email_key text?
-- out:   name bool, email bool
SELECT EXISTS (SELECT FROM user_names WHERE name_key = :name_key),
       EXISTS (SELECT FROM user_emails WHERE email_key = :email_key)
