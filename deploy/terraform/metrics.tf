# What the pipeline logs, as numbers. Its log lines are event=NAME FIELD=VALUE …: see plugins/tiny_operators/events.py.
locals {
  from_airflow = "resource.type=\"cloud_composer_environment\" AND resource.labels.environment_name=\"${local.settings.environment}\""

  # One value an event.
  measured = {
    waiting_minutes = {
      text   = "Minutes that the oldest file has waited in the inbox; moving says whether runs get on"
      event  = "inbox_watched"
      value  = "oldest_minutes=([0-9]+)"
      labels = ["store", "moving"]
    }
    quiet_minutes = {
      text   = "Minutes since the last webhook, while the store is open"
      event  = "webhooks_watched"
      value  = "quiet_minutes=([0-9]+)"
      labels = ["store"]
    }
    orders_rejected = {
      text   = "Files that a run set aside"
      event  = "inbox_cleared"
      value  = "rejected=([0-9]+)"
      labels = ["store"]
    }
    orders_done = {
      text   = "Files that a run brought into BigQuery"
      event  = "inbox_cleared"
      value  = "done=([0-9]+)"
      labels = ["store"]
    }
  }

  # One an event.
  counted = {
    # 6: too many calls a minute; 11: too many at the same time.
    throttled = { text = "Calls that Tiny throttled", pattern = "event=tiny_retry .*code=(6|11) " }
    retries   = { text = "Calls that Tiny did not answer, or throttled", pattern = "event=tiny_retry " }
  }
}

resource "google_logging_metric" "measured" {
  for_each   = local.measured
  depends_on = [google_project_service.api]

  name            = "tiny_${each.key}"
  description     = each.value.text
  filter          = "${local.from_airflow} AND textPayload:\"event=${each.value.event} \""
  value_extractor = "REGEXP_EXTRACT(textPayload, \" ${each.value.value}\")"
  label_extractors = {
    for label in each.value.labels : label => "REGEXP_EXTRACT(textPayload, \" ${label}=([^ ]+)\")"
  }

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
    dynamic "labels" {
      for_each = each.value.labels
      content {
        key        = labels.value
        value_type = "STRING"
      }
    }
  }

  # A percentile of the distribution is exact to five up to four hours, and to twenty up to a day: the most that an
  # alert may wait for. Cloud Monitoring takes at most 200 buckets.
  bucket_options {
    explicit_buckets {
      bounds = concat(range(0, 240, 5), range(240, 1480, 20))
    }
  }
}

resource "google_logging_metric" "counted" {
  for_each   = local.counted
  depends_on = [google_project_service.api]

  name        = "tiny_${each.key}"
  description = each.value.text
  filter      = "${local.from_airflow} AND textPayload=~\"${each.value.pattern}\""

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
  }
}
