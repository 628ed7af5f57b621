WITH screened AS (
    SELECT score.practice_id, score.patient_id, min(score.at) AS at
    FROM score
    WHERE score.code IN ('sbst.total', 'ompsq-sf.total')
        AND score.value IS NOT NULL AND score.superseded_at IS NULL AND score.at <= :as_of
    GROUP BY score.practice_id, score.patient_id
)
SELECT counted.practice_id, counted.period, 'all' AS part, 'share' AS measure,
    sum((
        SELECT count(*) FROM screened
        WHERE screened.practice_id = counted.practice_id
            AND screened.at >= counted.starts AND screened.at < counted.ends
    ))::bigint AS numerator,
    sum(counted.consulters)::bigint AS denominator, NULL::numeric AS value
FROM counted GROUP BY counted.practice_id, counted.period
