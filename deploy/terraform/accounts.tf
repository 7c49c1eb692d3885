resource "google_service_account" "account" {
  for_each   = local.accounts
  depends_on = [google_project_service.api]

  account_id   = each.value.id
  display_name = each.value.name
}

locals {
  airflow_roles = concat(local.accounts.airflow.project, local.airflow_3 ? local.accounts.airflow.project_airflow_3 : [])
  project_roles = merge(
    { for role in local.airflow_roles : "airflow ${role}" => { account = "airflow", role = role } },
    { for role in local.accounts.build.project : "build ${role}" => { account = "build", role = role } },
  )
  # As BigQuery names them in an access list.
  all_readers = toset(concat(local.settings.readers, local.settings.personal_readers))
}

resource "google_project_iam_member" "account" {
  #checkov:skip=CKV_GCP_49:Composer asks for roles/composer.worker on the project
  for_each = local.project_roles

  project = var.project
  role    = each.value.role
  member  = google_service_account.account[each.value.account].member
}

# Functions are built from a bucket that Google makes at the first build. The condition keeps the build from the stores' buckets.
resource "google_project_iam_member" "sources" {
  project = var.project
  role    = local.accounts.build.sources
  member  = google_service_account.account["build"].member

  condition {
    title      = "sources-of-functions"
    expression = "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-\")"
  }
}

resource "google_project_iam_member" "reader" {
  for_each   = local.all_readers
  depends_on = [google_project_service.api]

  project = var.project
  role    = local.platform.reader.project
  member  = each.key
}
