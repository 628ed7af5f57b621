WITH factor AS (
    SELECT * FROM jsonb_to_recordset(CAST(:factors AS jsonb))
        AS each (pathway text, factor text, place int, code text, best numeric, worst numeric)
),
visit AS (
    SELECT * FROM (VALUES (6, 39, 49, 42), (12, 77, 98, 84))
        AS each (week, first_day, last_day, target)
),
person AS (
    SELECT scope.practice_id, scope.period, scope.pathway, plan.id AS plan_id, plan.patient_id,
        (plan.created_at AT TIME ZONE plan.time_zone)::date AS day_0, plan.created_at,
        plan.time_zone
    FROM scope
    JOIN plan ON plan.practice_id = scope.practice_id
        AND plan.created_at >= scope.starts AND plan.created_at < scope.ends
        AND plan.created_at <= :as_of
),
started AS MATERIALIZED (
    SELECT person.*, factor.factor, factor.place, factor.code,
        factor.worst - factor.best AS width, baseline.value
    FROM person
    JOIN factor ON factor.pathway = person.pathway
    CROSS JOIN LATERAL (
        SELECT score.value FROM score
        WHERE score.patient_id = person.patient_id AND score.code = factor.code
            AND score.value IS NOT NULL AND score.superseded_at IS NULL
            AND score.at <= person.created_at
        ORDER BY score.at DESC, score.id DESC LIMIT 1
    ) AS baseline
),
measured AS (
    SELECT DISTINCT ON (
            started.practice_id, started.period, started.plan_id, started.factor, visit.week
        )
        started.practice_id, started.period, visit.week,
        EXISTS (
            SELECT FROM activity
            WHERE activity.care_plan_id = started.plan_id AND activity.factor = started.factor
        ) AS targeted,
        100 * (started.value - later.value) / started.width AS better
    FROM started
    CROSS JOIN visit
    LEFT JOIN LATERAL (
        SELECT score.value FROM score
        CROSS JOIN LATERAL (
            SELECT (score.at AT TIME ZONE started.time_zone)::date - started.day_0 AS day
        ) AS since
        WHERE score.patient_id = started.patient_id AND score.code = started.code
            AND score.value IS NOT NULL AND score.superseded_at IS NULL AND score.at <= :as_of
            AND since.day BETWEEN visit.first_day AND visit.last_day
        ORDER BY abs(since.day - visit.target), score.at, score.id DESC LIMIT 1
    ) AS later ON true
    WHERE (started.day_0 + visit.last_day + 1)::timestamp AT TIME ZONE started.time_zone
        <= :as_of
    ORDER BY started.practice_id, started.period, started.plan_id, started.factor, visit.week,
        later.value IS NULL, started.place
),
summed AS (
    SELECT practice_id, period,
        CASE WHEN grouping(targeted) = 1 THEN 'all'
            ELSE CASE WHEN targeted THEN 'targeted:week-' ELSE 'not-targeted:week-' END || week
        END AS part,
        count(better) AS again, count(*) AS number, avg(better) AS mean, stddev_samp(better) AS sd,
        grouping(targeted) = 1 AS is_whole
    FROM measured
    GROUP BY GROUPING SETS ((practice_id, period), (practice_id, period, targeted, week))
)
SELECT practice_id, period, part, 'share' AS measure, again AS numerator, number AS denominator,
    NULL::numeric AS value
FROM summed
UNION ALL
SELECT practice_id, period, part, each.measure, NULL, again, each.value
FROM summed CROSS JOIN LATERAL (VALUES ('mean', mean), ('sd', sd)) AS each (measure, value)
WHERE each.value IS NOT NULL AND NOT is_whole
