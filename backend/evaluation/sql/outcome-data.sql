WITH due AS (
    SELECT scope.practice_id, scope.period, check_in.id, check_in.opens_at, check_in.closes_at
    FROM scope
    JOIN check_in ON check_in.practice_id = scope.practice_id AND check_in.kind = 'weekly'
        AND check_in.closes_at >= scope.starts AND check_in.closes_at < scope.ends
        AND check_in.closes_at <= :as_of
    JOIN enrolment ON enrolment.id = check_in.enrolment_id
        AND coalesce(enrolment.ended_at >= check_in.closes_at, true)
)
SELECT due.practice_id, due.period, 'all' AS part, 'share' AS measure,
    count(answered.check_in_id) AS numerator, count(*) AS denominator, NULL::numeric AS value
FROM due
-- Of several sets of answers to one check-in all but one are superseded.
LEFT JOIN questionnaire_response AS answered ON answered.check_in_id = due.id
    AND answered.superseded_at IS NULL
    AND answered.authored_at >= due.opens_at AND answered.authored_at <= due.closes_at
GROUP BY due.practice_id, due.period
