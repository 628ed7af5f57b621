WITH due AS (
    SELECT scope.practice_id, scope.period, joined.patient_id,
        joined.at + interval '168 days' AS since, joined.at + interval '203 days' AS until
    FROM scope
    JOIN joined ON joined.practice_id = scope.practice_id
        AND joined.at + interval '203 days' >= scope.starts
        AND joined.at + interval '203 days' < scope.ends
        AND joined.at + interval '203 days' <= :as_of
)
SELECT practice_id, period, 'all' AS part, 'share' AS measure,
    count(*) FILTER (
        WHERE EXISTS (
            SELECT FROM questionnaire_response AS answered
            WHERE answered.patient_id = due.patient_id AND answered.superseded_at IS NULL
                AND answered.authored_at >= due.since AND answered.authored_at < due.until
        ) OR EXISTS (
            SELECT FROM activity
            JOIN module_reading ON module_reading.activity_id = activity.id
            WHERE activity.patient_id = due.patient_id
                AND module_reading.at >= due.since AND module_reading.at < due.until
        ) OR EXISTS (
            SELECT FROM activity
            JOIN quiz_attempt ON quiz_attempt.activity_id = activity.id
            WHERE activity.patient_id = due.patient_id
                AND quiz_attempt.at >= due.since AND quiz_attempt.at < due.until
        ) OR EXISTS (
            SELECT FROM activity
            JOIN practice_log ON practice_log.activity_id = activity.id
            WHERE activity.patient_id = due.patient_id AND practice_log.done
                AND practice_log.day >= due.since::date AND practice_log.day < due.until::date
        )
    ) AS numerator,
    count(*) AS denominator, NULL::numeric AS value
FROM due GROUP BY practice_id, period
UNION ALL
SELECT scope.practice_id, scope.period, 'practice:month-12', 'share',
    count(*) FILTER (WHERE late.practice_id IS NOT NULL), count(*), NULL
FROM scope
LEFT JOIN (
    SELECT DISTINCT joined.practice_id FROM joined
    JOIN practice ON practice.id = joined.practice_id
    WHERE joined.at >= practice.created_at + interval '275 days'
        AND joined.at < practice.created_at + interval '365 days'
) AS late ON late.practice_id = scope.practice_id
WHERE scope.created_at + interval '365 days' >= scope.starts
    AND scope.created_at + interval '365 days' < scope.ends
    AND scope.created_at + interval '365 days' <= :as_of
GROUP BY scope.practice_id, scope.period
