data "google_project" "this" {
  count      = local.budget_wanted ? 1 : 0
  depends_on = [google_project_service.api]
}

resource "google_billing_budget" "month" {
  count    = local.budget_wanted ? 1 : 0
  provider = google.in_the_name_of_the_project

  billing_account = local.settings.billing_account
  display_name    = "Tiny pipeline in ${var.project}"

  budget_filter {
    projects = ["projects/${data.google_project.this[0].number}"]
  }

  amount {
    specified_amount {
      # In the currency of the billing account: no other one is taken.
      units = tostring(local.settings.budget)
    }
  }

  dynamic "threshold_rules" {
    for_each = [0.5, 0.8, 1.0]
    content {
      threshold_percent = threshold_rules.value
    }
  }

  # Google takes five addresses at most, and not none. Whoever may see the billing account gets e-mails anyway.
  dynamic "all_updates_rule" {
    for_each = length(local.channels) > 0 ? [1] : []
    content {
      monitoring_notification_channels = slice(local.channels, 0, min(5, length(local.channels)))
    }
  }
}

# A query that would read more than what is left of the day fails, and costs nothing. It is the project's quota, so it counts the
# queries of all its users.
resource "google_cloud_quotas_quota_preference" "query_bytes" {
  provider   = google.in_the_name_of_the_project
  depends_on = [google_project_service.api]

  parent   = "projects/${var.project}"
  name     = "tiny-query-usage-per-day"
  service  = "bigquery.googleapis.com"
  quota_id = "QueryUsagePerDay"
  # From Google's default of 200 TiB it is a large step down, which Google wants to be told is meant.
  ignore_safety_checks = "QUOTA_DECREASE_PERCENTAGE_TOO_HIGH"

  quota_config {
    # In MiB.
    preferred_value = local.settings.query_gib_a_day * 1024
  }
}
