{#- Which rows are those of a batch's orders, and in which partitions they stand.

    orders: what the task that made the rows says of their ids (see tiny_operators.batches.row_files): all of them when they are
    few, so that no staging table is asked for them; else only the lowest and the highest, between which they are looked
    up in staging tables. Either way BigQuery knows constants by which it leaves out blocks of the tables, which
    are clustered by these ids. -#}

{#- id: the column; ids: a query for the ids of a batch of many orders; text: whether they are text there. -#}
{%- macro is_of_batch(id, orders, ids, text=False) -%}
{%- set quote = "'" if text else '' -%}
{%- set ids_known, bounds = orders.get('ids'), orders.get('texts' if text else 'numbers') -%}
{%- if ids_known -%}
{{ id }} IN ({{ quote }}{{ ids_known | join(quote ~ ', ' ~ quote) }}{{ quote }})
{%- elif bounds -%}
{{ id }} BETWEEN {{ quote }}{{ bounds | join(quote ~ ' AND ' ~ quote) }}{{ quote }} AND {{ id }} IN ({{ ids }})
{%- else -%}
{{ id }} IN ({{ ids }})
{%- endif -%}
{%- endmacro -%}

{#- The days of the partitions that hold rows of a batch: what is to read these rows reads no others, however long the
    history is. All tables are looked up by one statement, since each is a job of some seconds, in narrow columns. A variable
    of BigQuery may have a megabyte: ids of orders may be more, days never are.

    lookups: by the start of the variable's name: the table, the condition is_of_batch, and the partition (column, and
    moment: whether it is no day); staging: a table whose days are added. days: others that are. -#}
{%- macro find_days(lookups, days=[]) -%}
{%- for name, lookup in lookups.items() -%}
DECLARE {{ name }}_days ARRAY<{{ 'TIMESTAMP' if lookup.partition.moment else 'DATE' }}>;
{% endfor -%}
{%- set names = lookups | join('_days, ') ~ '_days' -%}
SET {{ '(' ~ names ~ ')' if lookups | length > 1 else names }} = (
{%- for lookup in lookups.values() -%}
{{ days_found(lookup, days) | indent(2) }}{{ ',' if not loop.last }}
{%- endfor %}
);
{%- endmacro -%}

{%- macro days_found(lookup, days) -%}
{%- set kind = 'TIMESTAMP' if lookup.partition.moment else 'DATE' -%}
{%- set literals = kind ~ " '" ~ days | join("', " ~ kind ~ " '") ~ "'" -%}
{%- set own = ['SELECT day\nFROM UNNEST([' ~ literals ~ ']) AS day'] if days else [] -%}
{%- set staged = [days_in(lookup.staging, 'TRUE', lookup.partition)] if lookup.get('staging') else [] -%}
{%- set stored = [days_in(lookup.table, lookup.is_of_batch, lookup.partition)] %}
ARRAY(
  {{ (own + staged + stored) | join('\nUNION DISTINCT\n') | indent(2) }}
)
{%- endmacro -%}

{%- macro days_in(table, condition, partition) -%}
SELECT DISTINCT {{ day(**partition) }}
FROM `{{ table }}`
WHERE {{ condition }} AND {{ partition.column }} IS NOT NULL
{%- endmacro -%}

{#- The day of a partition: the column itself, or in UTC the day of the moment that is in it. -#}
{%- macro day(column, moment=False) -%}
{{ 'TIMESTAMP_TRUNC(' ~ column ~ ', DAY)' if moment else column }}
{%- endmacro -%}

{#- Whether a row is in one of these partitions, or in the one of the rows without a day. -#}
{%- macro stands_in(days, column, moment=False) -%}
({{ day(column, moment) }} IN UNNEST({{ days }}) OR {{ column }} IS NULL)
{%- endmacro -%}
