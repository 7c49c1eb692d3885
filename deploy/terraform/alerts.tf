# What people are told by Cloud Monitoring, which also sees when Airflow itself is down. What each alert asks for:
# docs/runbook.md.
resource "google_monitoring_notification_channel" "email" {
  for_each   = toset(local.settings.alert_emails)
  depends_on = [google_project_service.api]

  display_name = "Tiny pipeline: ${each.key}"
  type         = "email"
  labels       = { email_address = each.key }
}

locals {
  channels      = [for channel in google_monitoring_notification_channel.email : channel.id]
  user_metric   = "resource.type=\"cloud_composer_environment\" AND metric.type=\"logging.googleapis.com/user"
  from_receiver = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"${local.function.name}\""

  # As soon as such a line is logged; at most once an hour.
  log_alerts = {
    webhook_not_stored = {
      title  = "A webhook was not stored"
      filter = "${local.from_receiver} AND jsonPayload.event=\"webhook_not_stored\""
      text   = "The receiver did not get an object into the inbox. Tiny repeats it up to ten times, for about four hours: look at the receiver's log until then."
    }
    receiver_not_started = {
      title  = "The receiver does not start"
      filter = "${local.from_receiver} AND jsonPayload.event=\"receiver_not_started\""
      text   = "The field error of the line says which setting is wrong."
    }
    rejected = {
      title  = "An order or a file was set aside"
      filter = "${local.from_airflow} AND textPayload=~\"event=(file_)?rejected \""
      text   = "The table rejeitados says why, and what to do. When the cause is mended, run the DAG put_back of the store."
    }
    differences = {
      title  = "Orders differ between Tiny and BigQuery"
      filter = "${local.from_airflow} AND textPayload=~\"event=reconciled .*differences=[1-9]\""
      text   = "The weekly comparison found differences. The table reconciliation has a row for each date; unrepaired ones are listed by the failed task."
    }
    tiny_is_down = {
      title  = "Tiny does not answer"
      filter = "${local.from_airflow} AND textPayload:\"event=tiny_is_down \""
      text   = "Nothing is lost: files wait in the inbox, and runs try again, up to 15 minutes apart."
    }
    bucket_left_open = {
      title  = "A bucket can be read by basic roles"
      filter = "${local.from_airflow} AND textPayload:\"event=bucket_left_open \""
      text   = "Setup made a bucket itself. `make deploy` closes those of include/stores.yaml."
    }
    alert_failed = {
      title  = "Airflow could not tell people of a failure"
      filter = "${local.from_airflow} AND textPayload:\"event=alert_failed \""
      text   = "The Airflow variable tiny_alerts, or the connection that it names, is wrong."
    }
  }

  # As soon as a number passes its limit.
  number_alerts = merge(
    {
      receiver_errors = {
        title   = "The receiver answers 5xx"
        filter  = "${local.from_receiver} AND metric.type=\"run.googleapis.com/request_count\" AND metric.labels.response_code_class=\"5xx\""
        aligner = "ALIGN_DELTA"
        period  = 300
        above   = 0
        text    = "Look at the receiver's log: event=webhook_not_stored says why. Tiny repeats what was not answered 200."
      }
      failed_runs = {
        title   = "A DAG run failed"
        filter  = "resource.type=\"cloud_composer_workflow\" AND metric.type=\"composer.googleapis.com/workflow/run_count\" AND metric.labels.state=\"failed\""
        aligner = "ALIGN_SUM"
        period  = 600
        above   = 0
        text    = "Open the run in Airflow: the error of the failed task says what to do, and the DAG's documentation has a section Triage."
      }
      throttled = {
        title   = "Tiny throttles"
        filter  = "${local.user_metric}/${google_logging_metric.counted["throttled"].name}\""
        aligner = "ALIGN_SUM"
        period  = 3600
        above   = 30
        text    = "Another system uses the account's calls, or requests_per_minute in the connection is more than the plan allows. Nothing is lost; sales come later."
      }
    },
    {
      for prefix, store in local.stores : "waiting ${prefix}" => {
        title   = "${store.name}: files stand still in the inbox"
        filter  = "${local.user_metric}/${google_logging_metric.measured["waiting_minutes"].name}\" AND metric.labels.store=\"${prefix}\" AND metric.labels.moving=\"False\""
        aligner = "ALIGN_PERCENTILE_99"
        period  = 3600
        above   = store.waiting_minutes
        text    = "Look at the last runs of ${prefix}_webhook: a failed task says what to do. Without a failed one, see the task airflow of ${prefix}_watch."
      }
    },
    {
      # Only in opening hours is the number logged.
      for prefix, store in local.stores : "quiet ${prefix}" => {
        title   = "${store.name}: no webhook comes though the store is open"
        filter  = "${local.user_metric}/${google_logging_metric.measured["quiet_minutes"].name}\" AND metric.labels.store=\"${prefix}\""
        aligner = "ALIGN_PERCENTILE_99"
        period  = 3600
        above   = store.quiet_minutes
        text    = "See whether the receiver answers, and whether Tiny still has its address. What was missed comes with the night's run."
      } if try(store.opening_hours, "") != ""
    },
  )
}

resource "google_monitoring_alert_policy" "log" {
  for_each   = local.log_alerts
  depends_on = [google_project_service.api]

  display_name          = each.value.title
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = each.value.title
    condition_matched_log {
      filter = each.value.filter
    }
  }

  alert_strategy {
    auto_close = "86400s"
    notification_rate_limit {
      period = "3600s"
    }
  }

  documentation {
    content = each.value.text
  }
}

resource "google_monitoring_alert_policy" "number" {
  for_each = local.number_alerts
  # A new metric can be named only some minutes after it was made; the environment takes longer than that.
  depends_on = [google_composer_environment.airflow]

  display_name          = each.value.title
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = each.value.title
    condition_threshold {
      filter          = each.value.filter
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.above
      duration        = "0s"
      aggregations {
        alignment_period   = "${each.value.period}s"
        per_series_aligner = each.value.aligner
      }
    }
  }

  alert_strategy {
    auto_close = "86400s"
  }

  documentation {
    content = each.value.text
  }
}

resource "google_monitoring_alert_policy" "unhealthy" {
  depends_on = [google_composer_environment.airflow]

  display_name          = "Airflow's environment is not healthy"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = "not healthy for 15 minutes"
    condition_threshold {
      filter          = "${local.from_airflow} AND metric.type=\"composer.googleapis.com/environment/healthy\""
      comparison      = "COMPARISON_LT"
      threshold_value = 0.5
      duration        = "900s"
      aggregations {
        alignment_period   = "300s"
        per_series_aligner = "ALIGN_FRACTION_TRUE"
      }
    }
  }

  documentation {
    content = "Open the environment in the console (Managed Service for Apache Airflow): its page Monitoring says what is down. Files wait in the inbox meanwhile."
  }
}

# The watch runs each hour. Without it nobody hears of the other things, so its own silence is an alert.
resource "google_monitoring_alert_policy" "unwatched" {
  for_each   = local.stores
  depends_on = [google_composer_environment.airflow]

  display_name          = "${each.value.name}: the watch does not run"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = "no event=inbox_watched for three hours"
    condition_absent {
      filter   = "${local.user_metric}/${google_logging_metric.measured["waiting_minutes"].name}\" AND metric.labels.store=\"${each.key}\""
      duration = "10800s"
      aggregations {
        alignment_period   = "3600s"
        per_series_aligner = "ALIGN_PERCENTILE_99"
        # Whether runs get on or not: one series.
        cross_series_reducer = "REDUCE_MAX"
      }
    }
  }

  documentation {
    content = "${each.key}_watch is paused, or Airflow does not run DAGs. Look whether the scheduler lives, and unpause it."
  }
}
