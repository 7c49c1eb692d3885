# One page with what to look at each day.
locals {
  # What a chart shows: a metric, how its points are put together, and by which label its lines are kept apart.
  charts = [
    {
      title   = "Files that a run brought into BigQuery, on average"
      filter  = "${local.user_metric}/${google_logging_metric.measured["orders_done"].name}\""
      aligner = "ALIGN_DELTA"
      reducer = "REDUCE_MEAN"
      label   = "metric.label.store"
    },
    {
      title   = "Files that a run set aside, on average"
      filter  = "${local.user_metric}/${google_logging_metric.measured["orders_rejected"].name}\""
      aligner = "ALIGN_DELTA"
      reducer = "REDUCE_MEAN"
      label   = "metric.label.store"
    },
    {
      title   = "Minutes that the oldest file waits"
      filter  = "${local.user_metric}/${google_logging_metric.measured["waiting_minutes"].name}\""
      aligner = "ALIGN_PERCENTILE_99"
      reducer = "REDUCE_MAX"
      label   = "metric.label.store"
    },
    {
      title   = "Minutes without a webhook, in opening hours"
      filter  = "${local.user_metric}/${google_logging_metric.measured["quiet_minutes"].name}\""
      aligner = "ALIGN_PERCENTILE_99"
      reducer = "REDUCE_MAX"
      label   = "metric.label.store"
    },
    {
      title   = "Calls that Tiny did not answer, or throttled"
      filter  = "${local.user_metric}/${google_logging_metric.counted["retries"].name}\""
      aligner = "ALIGN_DELTA"
      reducer = "REDUCE_SUM"
      label   = "resource.label.environment_name"
    },
    {
      title   = "DAG runs, by state"
      filter  = "resource.type=\"cloud_composer_workflow\" AND metric.type=\"composer.googleapis.com/workflow/run_count\""
      aligner = "ALIGN_SUM"
      reducer = "REDUCE_SUM"
      label   = "metric.label.state"
    },
    {
      title   = "Requests to the receiver, by answer"
      filter  = "${local.from_receiver} AND metric.type=\"run.googleapis.com/request_count\""
      aligner = "ALIGN_DELTA"
      reducer = "REDUCE_SUM"
      label   = "metric.label.response_code_class"
    },
    {
      title   = "Part of the time in which the environment was healthy"
      filter  = "${local.from_airflow} AND metric.type=\"composer.googleapis.com/environment/healthy\""
      aligner = "ALIGN_FRACTION_TRUE"
      reducer = "REDUCE_MIN"
      label   = "resource.label.environment_name"
    },
  ]
}

resource "google_monitoring_dashboard" "pipeline" {
  # As the alerts: metrics can be named some minutes after they were made.
  depends_on = [google_composer_environment.airflow]

  dashboard_json = jsonencode({
    displayName = "Tiny pipeline"
    gridLayout = {
      columns = "2"
      widgets = [
        for chart in local.charts : {
          title = chart.title
          xyChart = {
            dataSets = [{
              plotType = "LINE"
              timeSeriesQuery = {
                timeSeriesFilter = {
                  filter = chart.filter
                  aggregation = {
                    alignmentPeriod    = "3600s"
                    perSeriesAligner   = chart.aligner
                    crossSeriesReducer = chart.reducer
                    groupByFields      = [chart.label]
                  }
                }
              }
            }]
          }
        }
      ]
    }
  })
}
