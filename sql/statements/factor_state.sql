-- factor_state: what a member sees of the own second factor.
-- in:    user_id int8
-- out:   factor_info
SELECT @factor_info@
  FROM users u
  LEFT JOIN user_factors f ON f.user_id = u.user_id
 WHERE u.user_id = :user_id
