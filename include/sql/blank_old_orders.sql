-- Takes the personal data of customers out of the rows of some days, and out of the rows without a day that arrived by
-- then. Rows that have none stay as they are.
{% set column = partition(table).column -%}
UPDATE `{{ target(table) }}`
SET
  {% if stamped -%}
  update_timestamp = CURRENT_TIMESTAMP(),
  {% endif -%}
  {{ customer_columns(table) | join(' = NULL,\n  ') }} = NULL
WHERE
  store = @store
  AND (
    {% if partition(table).moment -%}
    ({{ column }} >= TIMESTAMP(@first) AND {{ column }} < TIMESTAMP(DATE_ADD(@last, INTERVAL 1 DAY)))
    {% else -%}
    {{ column }} BETWEEN @first AND @last
    OR ({{ column }} IS NULL AND timestamp < TIMESTAMP(DATE_ADD(@last, INTERVAL 1 DAY)))
    {% endif -%}
  )
  AND ({{ customer_columns(table) | join(' IS NOT NULL OR ') }} IS NOT NULL)
