WITH enrolled AS (
    SELECT counted.practice_id, counted.period, enrolment.id, enrolment.patient_id,
        enrolment.enrolled_at, coalesce(enrolment.ended_at, :as_of) AS until, patient.language
    FROM counted
    JOIN enrolment ON enrolment.practice_id = counted.practice_id
        AND enrolment.enrolled_at >= counted.starts AND enrolment.enrolled_at < counted.ends
    JOIN patient ON patient.id = enrolment.patient_id
),
reached AS (
    SELECT DISTINCT enrolled.practice_id, enrolled.period, enrolled.id
    FROM enrolled
    JOIN module_reading ON module_reading.patient_id = enrolled.patient_id
        AND module_reading.at >= enrolled.enrolled_at
        AND module_reading.at <= least(enrolled.until, :as_of)
),
opened AS (
    SELECT enrolled.practice_id, enrolled.period, enrolled.language,
        reached.id IS NOT NULL AS has
    FROM enrolled LEFT JOIN reached USING (practice_id, period, id)
),
eligible AS (
    SELECT practice_id, period, sum(eligible)::bigint AS people
    FROM counted GROUP BY practice_id, period
)
SELECT eligible.practice_id, eligible.period, 'all' AS part, 'share' AS measure,
    count(*) FILTER (WHERE opened.has) AS numerator, eligible.people AS denominator,
    NULL::numeric AS value
FROM eligible LEFT JOIN opened USING (practice_id, period)
GROUP BY eligible.practice_id, eligible.period, eligible.people
UNION ALL
SELECT practice_id, period, 'language:' || language, 'share',
    count(*) FILTER (WHERE has), count(*), NULL
FROM opened GROUP BY practice_id, period, language
