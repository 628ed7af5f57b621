WITH rated AS (
    SELECT scope.practice_id, scope.period, consultation.id, consultation_rating.source,
        avg(consultation_rating.fidelity) AS fidelity
    FROM scope
    JOIN consultation ON consultation.practice_id = scope.practice_id
        AND consultation.held_at >= scope.starts AND consultation.held_at < scope.ends
    JOIN consultation_rating ON consultation_rating.consultation_id = consultation.id
        AND consultation_rating.fidelity IS NOT NULL AND consultation_rating.at <= :as_of
    GROUP BY scope.practice_id, scope.period, consultation.id, consultation_rating.source
),
summed AS (
    SELECT practice_id, period,
        CASE source WHEN 'observer' THEN 'all' ELSE 'own-rating' END AS part,
        count(*) FILTER (WHERE fidelity >= :high_from) AS high, count(*) AS number,
        avg(fidelity) AS mean, stddev_samp(fidelity) AS sd
    FROM rated GROUP BY practice_id, period, source
)
SELECT practice_id, period, part, 'share' AS measure, high AS numerator, number AS denominator,
    NULL::numeric AS value
FROM summed
UNION ALL
SELECT practice_id, period, part, each.measure, NULL, number, each.value
FROM summed CROSS JOIN LATERAL (VALUES ('mean', mean), ('sd', sd)) AS each (measure, value)
WHERE each.value IS NOT NULL
UNION ALL
SELECT own.practice_id, own.period, 'own-less-observer', 'mean', NULL, count(*),
    avg(own.fidelity - observed.fidelity)
FROM rated AS own
JOIN rated AS observed ON observed.id = own.id AND observed.practice_id = own.practice_id
    AND observed.period = own.period AND observed.source = 'observer'
WHERE own.source = 'self'
GROUP BY own.practice_id, own.period
