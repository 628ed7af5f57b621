WITH due AS (
    SELECT scope.practice_id, scope.period, joined.patient_id,
        joined.at + interval '168 days' AS since, joined.at + interval '203 days' AS until
    FROM scope
    JOIN joined ON joined.practice_id = scope.practice_id
        AND joined.at + interval '203 days' >= scope.starts
        AND joined.at + interval '203 days' < scope.ends
        AND joined.at + interval '203 days' <= :as_of
),
act AS (
    SELECT patient_id, authored_at AS at FROM questionnaire_response WHERE superseded_at IS NULL
    UNION ALL
    SELECT patient_id, at FROM module_reading
    UNION ALL
    SELECT patient_id, at FROM quiz_attempt
    UNION ALL
    SELECT patient_id, day::timestamp AT TIME ZONE 'UTC' FROM practice_log WHERE done
),
active AS (
    SELECT DISTINCT due.practice_id, due.period, due.patient_id
    FROM due
    JOIN act ON act.patient_id = due.patient_id AND act.at >= due.since AND act.at < due.until
)
SELECT practice_id, period, 'all' AS part, 'share' AS measure,
    count(active.patient_id) AS numerator, count(*) AS denominator, NULL::numeric AS value
FROM due LEFT JOIN active USING (practice_id, period, patient_id)
GROUP BY practice_id, period
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
