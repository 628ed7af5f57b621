WITH closed AS (
    SELECT DISTINCT ON (scope.practice_id, scope.period, alert_event.alert_id)
        scope.practice_id, scope.period,
        CASE alert_event.to_status WHEN 'dismissed' THEN 'dismissed'
            ELSE coalesce(alert_event.detail ->> 'code', 'no-action') END AS code
    FROM scope
    JOIN alert_event ON alert_event.practice_id = scope.practice_id
        AND alert_event.to_status IN ('resolved', 'dismissed')
        AND alert_event.from_status NOT IN ('resolved', 'dismissed')
        AND alert_event.at >= scope.starts AND alert_event.at < scope.ends
        AND alert_event.at <= :as_of
    ORDER BY scope.practice_id, scope.period, alert_event.alert_id, alert_event.at DESC,
        alert_event.id DESC
)
SELECT practice_id, period, 'all' AS part, 'share' AS measure,
    count(*) FILTER (WHERE code NOT IN ('no-action', 'dismissed')) AS numerator,
    count(*) AS denominator, NULL::numeric AS value
FROM closed GROUP BY practice_id, period
UNION ALL
SELECT practice_id, period,
    CASE WHEN code IN ('no-action', 'dismissed') THEN 'not:' ELSE 'action:' END || code,
    'count', count(*), NULL, NULL
FROM closed GROUP BY practice_id, period, code
