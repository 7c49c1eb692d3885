{#- What the merges share. target and staging: names of the tables; columns: names of their columns. -#}

{#- Partitions that already hold rows of this batch: the merge reads these and no others, however long the history is.
    The lookup itself reads few blocks, since the tables are clustered by id and ids rise with time. -#}
{%- macro touched_partitions(target, staging, id, id_type, partition, partition_type) -%}
DECLARE ids ARRAY<{{ id_type }}> DEFAULT IFNULL(
    (SELECT ARRAY_AGG(DISTINCT {{ id }}) FROM `{{ staging }}`), []
  );
  DECLARE touched ARRAY<{{ partition_type }}> DEFAULT IFNULL(
    (SELECT ARRAY_AGG(DISTINCT {{ partition }} IGNORE NULLS) FROM `{{ target }}` WHERE {{ id }} IN UNNEST(ids)), []
  );
{%- endmacro -%}

{#- One row per order, the newest reading: an older reading never replaces a newer one. The uuid never changes, the
    timestamp is that of the first arrival, in whatever order the readings come. -#}
{%- macro newest_reading_wins(target, staging, columns, partition) -%}
MERGE `{{ target }}` AS target
  USING (
    SELECT * REPLACE (MIN(timestamp) OVER (PARTITION BY store, id) AS timestamp)
    FROM `{{ staging }}`
    QUALIFY ROW_NUMBER() OVER (PARTITION BY store, id ORDER BY fetched_at DESC) = 1
  ) AS source
  ON
    target.store = source.store
    AND target.id = source.id
    AND (target.{{ partition }} IN UNNEST(touched) OR target.{{ partition }} IS NULL)
  WHEN MATCHED AND source.fetched_at > target.fetched_at THEN
    UPDATE SET
      {%- for column in columns if column not in ('store', 'id', 'uuid', 'timestamp', 'update_timestamp') %}
      {{ column }} = source.{{ column }},
      {%- endfor %}
      timestamp = LEAST(target.timestamp, source.timestamp),
      update_timestamp = CURRENT_TIMESTAMP()
  WHEN MATCHED AND source.timestamp < target.timestamp THEN
    UPDATE SET timestamp = source.timestamp, update_timestamp = CURRENT_TIMESTAMP()
  WHEN NOT MATCHED THEN
    {{ insert_row(columns) }};
{%- endmacro -%}

{%- macro insert_row(columns) -%}
INSERT ({{ columns | join(', ') }})
    VALUES (
      {%- for column in columns %}
      {{ 'CURRENT_TIMESTAMP()' if column == 'update_timestamp' else 'source.' ~ column }}{{ ',' if not loop.last }}
      {%- endfor %}
    )
{%- endmacro -%}
