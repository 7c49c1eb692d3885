"""What BigQuery has of GoogleSQL: the language's features, its statements, its functions and its variables.

GoogleSQL is the language of several products, and a feature that is on in one of them may be off in another. Google
publishes the list for BigQuery as code, in the options of its own toolkit; what BigQuery's reference describes since
then follows it.
"""

from __future__ import annotations

from typing import Final

SOURCE: Final = (
    "https://github.com/GoogleCloudPlatform/zetasql-toolkit/blob/main/zetasql-toolkit-bigquery/src/main/java"
    "/com/google/zetasql/toolkit/options/BigQueryLanguageOptions.java"
)
REFERENCE: Final = "https://cloud.google.com/bigquery/docs/reference/standard-sql/"

# Without its prefix FEATURE_, and without the version that older names of features have in it.
_PUBLISHED: Final = """
ALLOW_MISSING_PATH_EXPRESSION_IN_ALTER_DDL ALTER_COLUMN_SET_DATA_TYPE ALTER_TABLE_RENAME_COLUMN ANALYTIC_FUNCTIONS
BIGNUMERIC_TYPE CBRT_FUNCTIONS
CREATE_EXTERNAL_TABLE_WITH_CONNECTION
CREATE_EXTERNAL_TABLE_WITH_PARTITION_COLUMNS CREATE_EXTERNAL_TABLE_WITH_TABLE_ELEMENT_LIST
CREATE_MATERIALIZED_VIEW_CLUSTER_BY CREATE_MATERIALIZED_VIEW_PARTITION_BY CREATE_SNAPSHOT_TABLE
CREATE_TABLE_AS_SELECT_COLUMN_LIST CREATE_TABLE_CLONE CREATE_TABLE_CLUSTER_BY CREATE_TABLE_COPY
CREATE_TABLE_FIELD_ANNOTATIONS CREATE_TABLE_FUNCTION CREATE_TABLE_LIKE CREATE_TABLE_NOT_NULL CREATE_TABLE_PARTITION_BY
CREATE_VIEW_WITH_COLUMN_LIST DML_UPDATE_WITH_JOIN ENCRYPTION FOREIGN_KEYS GEOGRAPHY GROUP_BY_ROLLUP INTERVAL_TYPE
INVERSE_TRIG_FUNCTIONS JSON_ARRAY_FUNCTIONS JSON_TYPE JSON_VALUE_EXTRACTION_FUNCTIONS NAMED_ARGUMENTS NUMERIC_TYPE
PARAMETERIZED_TYPES PARAMETERS_IN_GRANTEE_LIST ROUND_WITH_ROUNDING_MODE TABLESAMPLE TABLE_VALUED_FUNCTIONS
TEMPLATE_FUNCTIONS TIME_BUCKET_FUNCTIONS UNENFORCED_PRIMARY_KEYS HAVING_IN_AGGREGATE LIMIT_IN_AGGREGATE
NULL_HANDLING_MODIFIER_IN_AGGREGATE NULL_HANDLING_MODIFIER_IN_ANALYTIC ORDER_BY_IN_AGGREGATE SELECT_STAR_EXCEPT_REPLACE
WITH_ON_SUBQUERY CIVIL_TIME SAFE_FUNCTION_CALL WEEK_WITH_WEEKDAY ADDITIONAL_STRING_FUNCTIONS ALLOW_DASHES_IN_TABLE_NAME
ALLOW_REGEXP_EXTRACT_OPTIONALS ANNOTATION_FRAMEWORK CASE_STMT COLLATION_SUPPORT COLUMN_DEFAULT_VALUE CONCAT_MIXED_TYPES
DATE_ARITHMETICS DATE_TIME_CONSTRUCTORS DECIMAL_ALIAS EXTENDED_DATE_TIME_SIGNATURES EXTENDED_GEOGRAPHY_PARSERS
FORMAT_IN_CAST FOR_IN IS_DISTINCT LIKE_ANY_SOME_ALL NULLS_FIRST_LAST_IN_ORDER_BY OMIT_INSERT_COLUMN_LIST PIVOT QUALIFY
REMOTE_FUNCTION REPEAT SCRIPT_LABEL UNNEST_AND_FLATTEN_ARRAYS UNPIVOT WITH_GROUP_ROWS WITH_RECURSIVE
REMOTE_MODEL GROUPING_BUILTIN GROUPING_SETS GROUP_BY_ALL
"""

# What the reference describes besides, by its page.
_DESCRIBED: Final = {
    "query-syntax": "FOR_SYSTEM_TIME_AS_OF GROUP_BY_STRUCT GROUP_BY_ARRAY",
    "json_functions": (
        "JSON_CONSTRUCTOR_FUNCTIONS JSON_MUTATOR_FUNCTIONS JSON_KEYS_FUNCTION JSON_LAX_VALUE_EXTRACTION_FUNCTIONS"
        " JSON_FLATTEN_FUNCTION JSON_QUERY_LAX"
    ),
    "kll_functions": "KLL_FLOAT64_PRIMARY_WITH_DOUBLE_ALIAS",
    "range-functions": "RANGE_TYPE",
    "pipe-syntax": "PIPES",
    "operators": "WITH_EXPRESSION LIKE_ANY_SOME_ALL_ARRAY LIKE_ANY_SOME_ALL_SUBQUERY",
    "string_functions": "ENABLE_EDIT_DISTANCE_BYTES",
    "data-types": "DISABLE_FLOAT32",
    "data-definition-language": "CREATE_VIEWS_WITH_COLUMN_OPTIONS ALTER_VIEWS_ALTER_COLUMN_SET_OPTIONS",
}

FEATURES: Final = frozenset(_PUBLISHED.split()).union(*(names.split() for names in _DESCRIBED.values()))
"""Names of the features that BigQuery has."""

_STATEMENTS: Final = """
QUERY INSERT UPDATE DELETE MERGE TRUNCATE ASSERT EXPORT_DATA EXPORT_MODEL AUX_LOAD_DATA CLONE_DATA GRANT REVOKE CALL
EXECUTE_IMMEDIATE ASSIGNMENT BEGIN COMMIT ROLLBACK
CREATE_TABLE CREATE_TABLE_AS_SELECT CREATE_VIEW CREATE_MATERIALIZED_VIEW CREATE_SNAPSHOT_TABLE CREATE_EXTERNAL_TABLE
CREATE_SCHEMA CREATE_EXTERNAL_SCHEMA CREATE_FUNCTION CREATE_TABLE_FUNCTION CREATE_PROCEDURE CREATE_MODEL CREATE_INDEX
CREATE_ROW_ACCESS_POLICY CREATE_ENTITY CREATE_PROPERTY_GRAPH
ALTER_TABLE ALTER_TABLE_SET_OPTIONS ALTER_VIEW ALTER_MATERIALIZED_VIEW ALTER_SCHEMA ALTER_MODEL ALTER_ENTITY
ALTER_INDEX
DROP DROP_MATERIALIZED_VIEW DROP_SNAPSHOT_TABLE DROP_FUNCTION DROP_TABLE_FUNCTION DROP_ROW_ACCESS_POLICY DROP_INDEX
UNDROP
"""
STATEMENTS: Final = tuple(_STATEMENTS.split())
"""Kinds of statements that BigQuery's reference describes, as the library names them."""

# The library has them for other products; BigQuery's list of functions does not: REFERENCE + "functions-all".
_OTHERS: Final = """
aead.envelope_decrypt_bytes aead.envelope_decrypt_string aead.envelope_encrypt apply approx_cosine_distance
approx_dot_product approx_euclidean_distance array_avg array_filter array_first_n array_includes array_includes_all
array_includes_any array_is_distinct array_last_n array_max array_min array_remove_first_n array_remove_last_n
array_sum array_transform bool_array dot_product elementwise_avg elementwise_sum float64_array iferror int64_array
is_first is_last iserror l1_norm l2_norm lax_bool_array lax_float64_array lax_int64_array lax_string_array
manhattan_distance nulliferror regexp_extract_groups safe_to_json split_substr string_array
timestamp_from_unix_micros timestamp_from_unix_millis timestamp_from_unix_seconds to_seconds_interval zstd_compress
zstd_decompress_to_bytes zstd_decompress_to_string
"""
NOT_ITS_FUNCTIONS: Final = frozenset(_OTHERS.split())
"""Names of those functions."""

RESERVED: Final = ("QUALIFY",)
"""Words that are reserved in BigQuery and may be in other products: query-syntax#qualify_clause."""

SYSTEM_VARIABLES: Final = {
    "current_job_id": "STRING",
    "dataset_id": "STRING",
    "dataset_project_id": "STRING",
    "last_job_id": "STRING",
    "location": "STRING",
    "project_id": "STRING",
    "query_label": "STRING",
    "row_count": "INTEGER",
    "script.bytes_billed": "INTEGER",
    "script.bytes_processed": "INTEGER",
    "script.creation_time": "TIMESTAMP",
    "script.job_id": "STRING",
    "script.num_child_jobs": "INTEGER",
    "script.slot_ms": "INTEGER",
    "session_id": "STRING",
    "time_zone": "STRING",
    "error.formatted_stack_trace": "STRING",
    "error.message": "STRING",
    "error.statement_text": "STRING",
}
"""System variables and their types: REFERENCE + "system-variables"."""
