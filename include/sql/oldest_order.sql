-- The first day before another one of which a table has rows.
SELECT MIN({{ 'DATE(' ~ partition ~ ')' if moment else partition }}) AS first_day
FROM `{{ target(table) }}`
WHERE store = @store AND {{ partition }} < {{ 'TIMESTAMP(@since)' if moment else '@since' }}
