WITH tier AS (
    SELECT * FROM jsonb_to_recordset(CAST(:tiers AS jsonb)) AS each (tier text, observed boolean)
),
team AS (
    SELECT scope.practice_id, scope.period, scope.starts, least(scope.ends, :as_of) AS at,
        provider.id
    FROM scope
    JOIN provider ON provider.practice_id = scope.practice_id
        AND provider.role IN ('clinician', 'lead')
        AND provider.created_at < least(scope.ends, :as_of)
),
seen AS (
    SELECT consultation.provider_id, consultation.id, consultation.held_at,
        avg(consultation_rating.fidelity) AS fidelity
    FROM consultation
    JOIN consultation_rating ON consultation_rating.consultation_id = consultation.id
        AND consultation_rating.source = 'observer'
        AND consultation_rating.fidelity IS NOT NULL
    GROUP BY consultation.id
),
decided AS (
    SELECT DISTINCT ON (team.practice_id, team.period, team.id, tier.tier)
        team.practice_id, team.period, team.id, team.at AS judged_at, tier.observed,
        competence_decision.at
    FROM team
    JOIN competence_decision ON competence_decision.provider_id = team.id
        AND competence_decision.at < team.at
    JOIN tier ON tier.tier = competence_decision.tier
    ORDER BY team.practice_id, team.period, team.id, tier.tier, competence_decision.at DESC
),
competent AS (
    SELECT DISTINCT decided.practice_id, decided.period, decided.id
    FROM decided
    CROSS JOIN LATERAL (
        SELECT count(*) AS taken FROM training_record
        WHERE training_record.provider_id = decided.id AND training_record.kind = 'booster'
            AND training_record.at > decided.at AND training_record.at < decided.judged_at
    ) AS booster
    CROSS JOIN LATERAL (
        SELECT count(*) AS number, avg(newest.fidelity) AS mean FROM (
            SELECT seen.fidelity FROM seen
            WHERE seen.provider_id = decided.id AND seen.held_at < decided.judged_at
            ORDER BY seen.held_at DESC LIMIT :rolling
        ) AS newest
    ) AS rolling
    LEFT JOIN LATERAL (
        SELECT decided.at + make_interval(days => each.day::int) AS at
        FROM jsonb_array_elements_text(CAST(:booster_days AS jsonb))
            WITH ORDINALITY AS each (day, number)
        WHERE each.number = booster.taken + 1
    ) AS due ON true
    WHERE decided.judged_at < decided.at + make_interval(days => :valid_days)
        AND NOT (
            decided.observed AND rolling.number = :rolling AND rolling.mean < :rolling_floor
        )
        AND coalesce(
            decided.judged_at - due.at <= make_interval(days => :booster_grace_days), true
        )
),
shown AS (
    SELECT team.practice_id, team.period, team.id, competent.id IS NOT NULL AS competent,
        EXISTS (
            SELECT FROM training_record
            WHERE training_record.provider_id = team.id AND training_record.at < team.at
        ) AS enrolled,
        (
            SELECT count(DISTINCT training_record.topic) FROM training_record
            WHERE training_record.provider_id = team.id AND training_record.at < team.at
                AND training_record.kind = 'quiz' AND training_record.percent >= :quiz_percent
                AND CAST(:topics AS jsonb) ? training_record.topic
        ) = jsonb_array_length(CAST(:topics AS jsonb)) AS completed,
        EXISTS (
            SELECT FROM consultation
            WHERE consultation.provider_id = team.id
                AND consultation.held_at >= team.starts AND consultation.held_at < team.at
        ) AS consulted
    FROM team LEFT JOIN competent USING (practice_id, period, id)
)
SELECT practice_id, period, step.part, 'share' AS measure,
    count(*) FILTER (WHERE step.reached) AS numerator, count(*) AS denominator,
    NULL::numeric AS value
FROM shown
CROSS JOIN LATERAL (
    VALUES ('all', competent), ('step:enrolled', enrolled), ('step:completed', completed),
        ('step:delivering', competent AND consulted)
) AS step (part, reached)
GROUP BY practice_id, period, step.part
