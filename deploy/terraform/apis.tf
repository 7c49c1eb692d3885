locals {
  budget_wanted = local.settings.billing_account != ""
}

resource "google_project_service" "api" {
  for_each = toset(concat(local.platform.apis, local.budget_wanted ? [local.platform.budget_api] : []))

  service = "${each.key}.googleapis.com"
  # Other work in the project may need them.
  disable_on_destroy = false
}
