-- Adds rows to rejeitados without a load: what is no order in files. A row that is there stays as it is, so a later try
-- or run that says the same adds nothing.
{% set columns = columns('rejeitados') -%}
INSERT INTO `{{ target('rejeitados') }}` ({{ columns | join(', ', attribute='name') }})
WITH known AS (
  SELECT id
  FROM `{{ target('rejeitados') }}`
  WHERE store = @store AND rejected_at >= @first_arrival
)

SELECT
{%- for column in columns %}
  {%- set kind = 'INT64' if column.type == 'INTEGER' else column.type %}
  CAST(JSON_VALUE(reject, '$.{{ column.name }}') AS {{ kind }}) AS {{ column.name }}{{ ',' if not loop.last }}
{%- endfor %}
FROM UNNEST(JSON_QUERY_ARRAY(@rejects)) AS reject
LEFT JOIN known ON known.id = JSON_VALUE(reject, '$.id')
WHERE known.id IS NULL
