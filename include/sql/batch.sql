{#- Which rows belong to a batch's orders, and which partitions have them.

    bounds: what the task that built the rows says of them (see tiny_operators.batches.row_files): all ids when they are
    few, so that no staging table is asked for them; else only the lowest and the highest, between which they are looked
    up in staging tables. Either way BigQuery knows constants by which it leaves out blocks of the tables, which are
    clustered by these ids. Without both, only the staging table is asked, and no block is left out. -#}

{#- id: the column; ids_query: a query for the ids of a batch of many orders; text: whether they are text there. -#}
{%- macro is_of_batch(id, bounds, ids_query, text=False) -%}
{%- set quote = "'" if text else '' -%}
{%- set ids, ends = bounds.get('ids'), bounds.get('texts' if text else 'numbers') -%}
{%- if ids -%}
{{ id }} IN ({{ quote }}{{ ids | join(quote ~ ', ' ~ quote) }}{{ quote }})
{%- elif ends -%}
{{ id }} BETWEEN {{ quote }}{{ ends | join(quote ~ ' AND ' ~ quote) }}{{ quote }} AND {{ id }} IN ({{ ids_query }})
{%- else -%}
{{ id }} IN ({{ ids_query }})
{%- endif -%}
{%- endmacro -%}

{#- Declares variables with the days of the partitions that have rows of a batch: a statement that uses them reads only
    these partitions, however long the history is. One SET for all tables, because each statement is a job of some
    seconds; it reads narrow columns only. A variable of BigQuery may have a megabyte: ids of orders may be more, days
    never are.

    lookups: by the start of the variable's name (pdv for pdv_days): table; condition, which rows of it; partition (column,
    and moment: whether it is no day). And, for days to be added: days, literals; staging, a table that has them. -#}
{%- macro find_days(lookups) -%}
{%- for name, lookup in lookups.items() -%}
DECLARE {{ name }}_days ARRAY<{{ 'TIMESTAMP' if lookup.partition.moment else 'DATE' }}>;
{% endfor -%}
{%- set names = lookups | join('_days, ') ~ '_days' -%}
SET {{ '(' ~ names ~ ')' if lookups | length > 1 else names }} = (
{%- for lookup in lookups.values() -%}
{{ days_found(lookup) | indent(2) }}{{ ',' if not loop.last }}
{%- endfor %}
);
{%- endmacro -%}

{%- macro days_found(lookup) -%}
{%- set kind = 'TIMESTAMP' if lookup.partition.moment else 'DATE' -%}
{%- set days = lookup.get('days') or [] -%}
{%- set literals = kind ~ " '" ~ days | join("', " ~ kind ~ " '") ~ "'" -%}
{%- set own = ['SELECT day\nFROM UNNEST([' ~ literals ~ ']) AS day'] if days else [] -%}
{%- set staged = [days_in(lookup.staging, 'TRUE', lookup.partition)] if lookup.get('staging') else [] -%}
{%- set stored = [days_in(lookup.table, lookup.condition, lookup.partition)] %}
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

{#- Whether a row is in one of these partitions, or in that of the rows without a day. -#}
{%- macro stands_in(days, column, moment=False) -%}
({{ day(column, moment) }} IN UNNEST({{ days }}) OR {{ column }} IS NULL)
{%- endmacro -%}
