WITH released AS (
    SELECT scope.practice_id, scope.period, activity.id
    FROM scope
    JOIN activity ON activity.practice_id = scope.practice_id
        AND activity.started_at >= scope.starts AND activity.started_at < scope.ends
        AND activity.started_at <= :as_of
),
minutes AS (
    SELECT each.practice_id, each.period, each.patient_id, sum(grade.minutes) AS minutes
    FROM (
        SELECT DISTINCT scope.practice_id, scope.period, activity.patient_id, activity.module_id,
            activity.module_version, module_reading.grade
        FROM scope
        JOIN module_reading ON module_reading.practice_id = scope.practice_id
            AND module_reading.at >= scope.starts AND module_reading.at < scope.ends
            AND module_reading.at <= :as_of
        JOIN activity ON activity.id = module_reading.activity_id
    ) AS each
    JOIN grade ON grade.module_id = each.module_id AND grade.version = each.module_version
        AND grade.grade = each.grade
    GROUP BY each.practice_id, each.period, each.patient_id
),
spread AS (
    SELECT practice_id, period, count(*) AS people,
        percentile_cont(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY minutes) AS quartile
    FROM minutes GROUP BY practice_id, period
)
SELECT released.practice_id, released.period, 'all' AS part, 'share' AS measure,
    count(received.activity_id) AS numerator, count(*) AS denominator, NULL::numeric AS value
FROM released LEFT JOIN received ON received.activity_id = released.id
GROUP BY released.practice_id, released.period
UNION ALL
SELECT practice_id, period, 'minutes', each.measure, NULL, people,
    quartile[each.place]::numeric
FROM spread CROSS JOIN (VALUES ('q1', 1), ('median', 2), ('q3', 3)) AS each (measure, place)
