-- account_email: claims an e-mail address; 23505 if it is taken.
-- in:    email_key text, user_id int8
-- out:   none
-- write
INSERT INTO user_emails (email_key, user_id) VALUES (:email_key, :user_id)
