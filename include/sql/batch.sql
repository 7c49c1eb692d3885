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

{#- The days of the partitions of a table that hold rows of a batch: what is to read these rows reads no others, however
    long the history is. This lookup reads narrow columns only. A variable of BigQuery may have a megabyte: ids
    of orders may be more, days never are. column: by which the table is partitioned; moment: whether it is no day. -#}
{%- macro declare_days(variable, table, is_of_batch, column, moment=False) -%}
DECLARE {{ variable }} ARRAY<{{ 'TIMESTAMP' if moment else 'DATE' }}> DEFAULT ARRAY(
  SELECT DISTINCT {{ day(column, moment) }}
  FROM `{{ table }}`
  WHERE {{ is_of_batch }} AND {{ column }} IS NOT NULL
);
{%- endmacro -%}

{#- The day of a partition: the column itself, or in UTC the day of the moment that stands there. -#}
{%- macro day(column, moment=False) -%}
{{ 'TIMESTAMP_TRUNC(' ~ column ~ ', DAY)' if moment else column }}
{%- endmacro -%}

{#- Whether a row stands in one of these partitions, or in the one of the rows without a day. -#}
{%- macro stands_in(days, column, moment=False) -%}
({{ day(column, moment) }} IN UNNEST({{ days }}) OR {{ column }} IS NULL)
{%- endmacro -%}
