WITH first AS (
    SELECT score.practice_id, score.patient_id, min(score.at) AS at
    FROM score
    WHERE score.code IN ('sbst.total', 'ompsq-sf.total')
        AND score.value IS NOT NULL AND score.superseded_at IS NULL AND score.at <= :as_of
    GROUP BY score.practice_id, score.patient_id
),
screened AS (
    SELECT counted.practice_id, counted.period, count(*) AS people
    FROM counted
    JOIN first ON first.practice_id = counted.practice_id
        AND first.at >= counted.starts AND first.at < counted.ends
    GROUP BY counted.practice_id, counted.period
),
consulted AS (
    SELECT practice_id, period, sum(consulters)::bigint AS people
    FROM counted GROUP BY practice_id, period
)
SELECT consulted.practice_id, consulted.period, 'all' AS part, 'share' AS measure,
    coalesce(screened.people, 0) AS numerator, consulted.people AS denominator,
    NULL::numeric AS value
FROM consulted LEFT JOIN screened USING (practice_id, period)
