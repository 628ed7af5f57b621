WITH opened AS (
    SELECT counted.practice_id, counted.period, patient.language,
        EXISTS (
            SELECT FROM module_reading
            JOIN activity ON activity.id = module_reading.activity_id
            WHERE activity.patient_id = enrolment.patient_id
                AND module_reading.at >= enrolment.enrolled_at
                AND module_reading.at <= coalesce(enrolment.ended_at, :as_of)
                AND module_reading.at <= :as_of
        ) AS has
    FROM counted
    JOIN enrolment ON enrolment.practice_id = counted.practice_id
        AND enrolment.enrolled_at >= counted.starts AND enrolment.enrolled_at < counted.ends
    JOIN patient ON patient.id = enrolment.patient_id
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
